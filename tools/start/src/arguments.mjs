export const usage = `Usage: npm start [-- OPTION...]

Installs what is missing, starts the system, shows one guarded execution, and stays up.

  --once        end after the sample: 0 when it went well, else 1
  --port PORT   where the control plane listens (default 7300, or the next free port)
  --help        this text

State (database, keys, logs) is kept in .ae/ of the checkout.
`;

/**
 * @param {readonly string[]} args
 * @returns {{ help: boolean, once: boolean, port: number | undefined }}
 * @throws {Error} For anything that is not an option.
 */
export function parseArguments(args) {
  const options = { help: false, once: false, port: /** @type {number | undefined} */ (undefined) };
  const rest = args.flatMap((arg) =>
    arg.startsWith('--port=') ? ['--port', arg.slice('--port='.length)] : [arg],
  );
  while (rest.length > 0) {
    const arg = rest.shift();
    if (arg === '--help') options.help = true;
    else if (arg === '--once') options.once = true;
    else if (arg === '--port') options.port = parsePort(rest.shift());
    else throw new Error(`Unknown option ${arg}.\n\n${usage}`);
  }
  return options;
}

/** @param {string | undefined} text */
function parsePort(text) {
  const port = Number(text);
  if (text === undefined || !/^\d+$/.test(text) || port < 1 || port > 65_535) {
    throw new Error(`--port takes a number from 1 to 65535.\n\n${usage}`);
  }
  return port;
}
