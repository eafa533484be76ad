// Why this exists: npm can block the install script of the pinned `node` package; the scripts then
// run under the machine's own, older Node and fail in strange ways. Say so at once instead.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 15)) {
  console.error(
    `pvegit needs Node 24.15 or newer; this is Node ${process.versions.node}.\n` +
      'In a checkout "npm ci" brings the right one, which npx finds:\n' +
      '  npx pvegit --help\n' +
      'If npx ends here too, the install script of the package node was blocked; allow it:\n' +
      '  npm rebuild node',
  );
  process.exit(1);
}
