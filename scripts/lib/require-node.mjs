// Imported before anything else: stops with a plain message where Node is too old to run the rest.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `hi-zfo needs Node 20.19 or newer; this is Node ${process.versions.node} (${process.execPath}).\n` +
      'Get a newer one from https://nodejs.org or with your version manager (nvm install 22), then try again.',
  );
  process.exit(1);
}
