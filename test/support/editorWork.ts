import { runIn } from "./dockerHost";

/** What somebody leaves in an editor: an extension, settings and work, as a test of upgrades needs them. */

export const EXTENSION = "acme.greeter@1.2.3";
/** What the extension shows in the status bar as soon as it runs. */
export const GREETING = "greeter at work";
export const SETTINGS = '{ "editor.fontSize": 17, "workbench.startupEditor": "none" }';

const PACKAGE = {
  publisher: "acme",
  name: "greeter",
  displayName: "greeter",
  version: "1.2.3",
  engines: { vscode: "^1.90.0" },
  main: "./main.js",
  activationEvents: ["onStartupFinished"],
  // It runs before anybody has said that the folder is to be trusted.
  capabilities: { untrustedWorkspaces: { supported: true } },
};
const MAIN = `const { window } = require("vscode");
exports.activate = (context) => {
  const item = window.createStatusBarItem();
  item.text = ${JSON.stringify(GREETING)};
  item.show();
  context.subscriptions.push(item);
};
`;

/** Packs it as `vsce` does, with the library that VS Code itself brings. */
const PACK = `const [manifest, main] = process.argv.slice(1);
const { ZipFile } = require("/opt/code-server/lib/vscode/node_modules/yazl");
const zip = new ZipFile();
zip.addBuffer(Buffer.from(manifest), "extension/package.json");
zip.addBuffer(Buffer.from(main), "extension/main.js");
zip.outputStream.pipe(require("node:fs").createWriteStream("/tmp/greeter.vsix"));
zip.end();`;

const INSTALL = `node -e "$1" "$2" "$3"
  code-server --user-data-dir /config/data --extensions-dir /config/extensions --install-extension /tmp/greeter.vsix
  rm /tmp/greeter.vsix`;

/** Files of several kinds: with odd names, links, other rights, an old time, and more than a block long. */
const WORK = `mkdir -p /config/data/User /config/workspace/project; cd /config/workspace/project
  printf %s "$1" >/config/data/User/settings.json
  printf 'work of a whole day\\n' >hello.txt; ln hello.txt linked; ln -s hello.txt pointer
  printf x >'odd "name" \u00e4'; printf '#!/bin/sh\\n' >run.sh; chmod 0750 run.sh
  head -c 300000 /dev/urandom >bulk; touch -d 2001-02-03T04:05:06Z hello.txt; git init --quiet .`;

const asUser = (editor: string, script: string, ...words: string[]) =>
  runIn(editor, ["bash", "-euc", script, "bash", ...words], "1000:1000");

/** Leaves all of it in the container of an editor; the extension is installed by the editor's own program. */
export async function work(editor: string): Promise<void> {
  await asUser(editor, WORK, SETTINGS);
  await asUser(editor, INSTALL, PACK, JSON.stringify(PACKAGE), MAIN);
}
