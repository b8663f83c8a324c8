import { satisfies } from './licence-expression.mjs';

/**
 * @typedef {object} LockedPackage
 * @property {string} [version]
 * @property {string} [resolved]
 * @property {string} [integrity]
 * @property {string} [license]
 * @property {boolean} [dev]
 * @property {boolean} [link]
 * @property {boolean} [inBundle] Part of another package's archive, whose integrity covers it.
 * @property {Record<string, string>} [optionalDependencies]
 *
 * @typedef {Record<string, LockedPackage>} LockedPackages By path: `node_modules/a/node_modules/b`.
 *
 * @typedef {object} Licences
 * @property {readonly string[]} allowed For everything.
 * @property {readonly string[]} development Also for what is only used to build and test.
 * @property {Record<string, { licence: string, reason: string }>} exceptions By package.
 */

/**
 * What is wrong with a lockfile, one line each.
 *
 * - `npm install` leaves out optional packages that the registry lacks, and `npm ci` then refuses.
 * - A `resolved` address binds the project to one registry.
 * - Without `integrity` an archive is not checked.
 * - A licence that nobody has agreed to.
 *
 * @param {LockedPackages} packages
 * @param {Licences} licences
 * @returns {string[]}
 */
export function lockfileFaults(packages, licences) {
  const faults = [];
  for (const [path, locked] of Object.entries(packages)) {
    for (const name of Object.keys(locked.optionalDependencies ?? {})) {
      if (!resolves(packages, path, name)) {
        faults.push(
          `${path || 'package.json'}: its optional dependency ${name} is not in the lockfile, so \`npm ci\` fails; pin a version whose whole family the registry has`,
        );
      }
    }
    const isFetched = path.includes('node_modules/') && locked.link !== true;
    if (!isFetched) continue;
    if (locked.resolved !== undefined) {
      faults.push(`${path}: names where it was downloaded from (resolved)`);
    }
    if (locked.integrity === undefined && locked.inBundle !== true) {
      faults.push(`${path}: has no integrity`);
    }
    if (!licenceIsFine(nameOf(path), locked, licences)) {
      faults.push(
        `${path}: licence ${locked.license ?? '(none named)'} is not agreed to (licences.json)`,
      );
    }
  }
  for (const name of Object.keys(licences.exceptions)) {
    if (!Object.keys(packages).some((path) => nameOf(path) === name)) {
      faults.push(`licences.json: the exception ${name} is not used any more`);
    }
  }
  return faults;
}

/**
 * Whether Node would find `name` from the package at `path`.
 *
 * @param {LockedPackages} packages
 * @param {string} path
 * @param {string} name
 */
function resolves(packages, path, name) {
  for (let from = path; ; from = from.slice(0, Math.max(0, from.lastIndexOf('/')))) {
    if (packages[`${from === '' ? '' : `${from}/`}node_modules/${name}`] !== undefined) return true;
    if (from === '') return false;
  }
}

/**
 * @param {string} name
 * @param {LockedPackage} locked
 * @param {Licences} licences
 */
function licenceIsFine(name, { license, dev }, { allowed, development, exceptions }) {
  const exception = exceptions[name];
  // What was read in the package itself stands in where the lockfile names nothing.
  const licence = license ?? exception?.licence;
  if (licence === undefined) return false;
  return (
    licence === exception?.licence ||
    satisfies(
      licence,
      (one) => allowed.includes(one) || (dev === true && development.includes(one)),
    )
  );
}

/** @param {string} path */
function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
