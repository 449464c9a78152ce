// @ts-check
/**
 * Order of versions for the set-up, which runs before any dependency (such as `semver`) exists.
 * Covers what the tools here report: `3.259.0`, `v20.19.0`, `1.41`, `go1.26.9`, `3.259.0-alpha.1`.
 */

/**
 * @typedef {object} ParsedVersion
 * @property {number[]} numbers
 * @property {string[]} prerelease Empty for a release.
 */

/**
 * @param {string} text
 * @returns {ParsedVersion}
 * @throws {Error} when the text holds no version
 */
function parseVersion(text) {
  const match = /^(?:v|go)?(\d+(?:\.\d+)*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/.exec(
    text.trim(),
  );
  if (!match?.[1]) throw new Error(`"${text}" is not a version`);
  return {
    numbers: match[1].split(".").map(Number),
    prerelease: match[2] ? match[2].split(".") : [],
  };
}

/**
 * @param {string} left
 * @param {string} right
 * @returns {number}
 */
function compareIdentifiers(left, right) {
  const numeric = [/^\d+$/.test(left), /^\d+$/.test(right)];
  if (numeric[0] && numeric[1]) return Math.sign(Number(left) - Number(right));
  // Semantic Versioning 2.0.0, rule 11: numeric identifiers come before alphanumeric ones.
  if (numeric[0] !== numeric[1]) return numeric[0] ? -1 : 1;
  return left === right ? 0 : left < right ? -1 : 1;
}

/**
 * Missing numbers count as 0, so `1.41` equals `1.41.0`; a pre-release comes before its release.
 * @param {string} leftText
 * @param {string} rightText
 * @returns {number} -1, 0 or 1
 * @throws {Error} when either text is not a version
 */
export function compareVersions(leftText, rightText) {
  const left = parseVersion(leftText);
  const right = parseVersion(rightText);
  const length = Math.max(left.numbers.length, right.numbers.length);
  for (let index = 0; index < length; index++) {
    const difference = (left.numbers[index] ?? 0) - (right.numbers[index] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  if (left.prerelease.length === 0 || right.prerelease.length === 0) {
    return Math.sign(right.prerelease.length - left.prerelease.length);
  }
  return comparePrereleases(left.prerelease, right.prerelease);
}

/**
 * @param {string[]} left
 * @param {string[]} right
 * @returns {number}
 */
function comparePrereleases(left, right) {
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const [a, b] = [left[index], right[index]];
    if (a === undefined || b === undefined) return a === undefined ? -1 : 1;
    const order = compareIdentifiers(a, b);
    if (order !== 0) return order;
  }
  return 0;
}

/**
 * Whether a version lies in a range as `requiredPulumiVersion` and `engines` write it: comparators
 * joined by spaces (all must hold), alternatives by `||`.
 * @param {string} version
 * @param {string} range for example `>=3.248.0 <4.0.0`
 * @returns {boolean}
 * @throws {Error} when the version or the range cannot be read (an unread range must not pass)
 */
export function satisfiesRange(version, range) {
  const alternatives = range.split("||").map((alternative) => {
    const comparators = alternative
      .replace(/([<>=!]+)\s+/g, "$1")
      .split(/\s+/)
      .filter(Boolean);
    if (comparators.length === 0) throw new Error(`"${range}" is not a version range`);
    return comparators.map((comparator) => satisfies(version, comparator, range)).every(Boolean);
  });
  // Every part is read before any decides: what cannot be read is an error wherever it stands.
  return alternatives.some(Boolean);
}

/**
 * @param {string} version
 * @param {string} comparator
 * @param {string} range only for the message
 * @returns {boolean}
 */
function satisfies(version, comparator, range) {
  const match = /^(>=|<=|>|<|==?|!=?)?([0-9v].*)$/.exec(comparator);
  if (!match?.[2]) throw new Error(`"${range}" is not a version range`);
  const order = compareVersions(version, match[2]);
  switch (match[1]) {
    case ">=":
      return order >= 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case "<":
      return order < 0;
    case "!":
    case "!=":
      return order !== 0;
    default:
      return order === 0;
  }
}
