import { parseArguments } from './arguments.mjs';

describe('parseArguments', () => {
  it.each([
    [[], { help: false, once: false, port: undefined }],
    [['--once'], { help: false, once: true, port: undefined }],
    [['--port', '8000'], { help: false, once: false, port: 8000 }],
    [['--port=8000', '--help'], { help: true, once: false, port: 8000 }],
  ])('reads %j', (args, expected) => {
    expect(parseArguments(args)).toEqual(expected);
  });

  it.each([[['--prot', '1']], [['--port']], [['--port', '0']], [['--port', '70000']], [['x']]])(
    'refuses %j and shows the usage',
    (args) => {
      expect(() => parseArguments(args)).toThrow(/Usage: npm start/);
    },
  );
});
