/** Trees with everything that a copy can lose. */

export interface HardTreeSize {
  /** Of small files beside the odd ones. */
  readonly files: number;
  /** Apparent size of the file that is almost all hole; as `truncate` takes it. */
  readonly sparse: string;
}

/**
 * A bash script that makes the tree in the current folder.
 *
 * The times of folders are set last: whatever is made in one changes its time.
 */
export function hardTreeScript({ files, sparse }: HardTreeSize): string {
  return String.raw`
mkdir -p empty/nested 'name with spaces' "quote'\"s" deep/a/b/c $'bytes\xff'
for name in $'new\nline' -rf $'\xff\xfe' $'control\x01\x7f' 'percent%41' '%FF' ' ' '*' 'ü' '日本' \
  "it's" '"' '\' $'\xc3' '..double' 'a' 'a-b' 'a.c' '.hidden'; do
  printf '%s' "$name" > "./$name"
done
printf x > $'bytes\xff/file'; printf y > 'name with spaces/file'; printf z > "quote'\"s/file"
ln -s /absolute/nowhere broken; ln -s deep/a relative; ln -s $'\xff\n' link-to-bytes; ln -s . loop
printf shared > one; ln one deep/two; ln one 'name with spaces/three'
ln -s target symlink; ln -P symlink another-symlink
mkfifo pipe; ln pipe another-pipe
mknod character c 1 3; mknod block b 7 200; mknod large c 250 65535
node -e 'require("net").createServer().listen("socket", () => process.exit())'
[[ -S socket ]]
truncate --size=${sparse} sparse
printf middle | dd of=sparse bs=4096 seek=3 conv=notrunc status=none
printf end >> sparse
printf attributes > attributes
setfattr --name=user.text --value=plain attributes
setfattr --name=user.binary --value=0x00ff0a3d attributes
setfattr --name='user.od=d na\me' --value=x attributes
setfattr --name=user.empty attributes
setfattr --name=user.folder --value=x deep
printf capability > capability; setfattr --name=security.capability \
  --value=0x0100000200040000000000000000000000000000 capability
printf acl > acl; setfacl --modify user:1234:rw-,group:4321:r-- acl
setfacl --default --modify user:1234:rwx deep/a; setfacl --modify user:1234:rwx empty
for mode in 4755 2755 1644 0000 0777 6711; do printf "$mode" > "mode-$mode"; chmod "$mode" "mode-$mode"; done
chmod 3777 empty/nested; chmod 0500 'name with spaces'
printf owner > owner; chown 54321:65432 owner; chown --no-dereference 7:8 broken; chown 9:10 pipe
printf max > owner-max; chown 4294967294:4294967294 owner-max
for time in '1969-12-31 23:59:58.5 UTC' '1901-12-14 00:00:00 UTC' '2400-01-01 UTC' '@0' '@1.000000001'; do
  printf "$time" > "time-$time"; touch --date="$time" "time-$time"
done
touch --no-dereference --date='1980-01-01 UTC' broken
node -e '
const fs = require("fs");
for (let i = 0; i < ${files}; i += 1) {
  const folder = "many/" + (i % 97);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(folder + "/" + i, "file " + i + "\n".repeat(i % 1000));
}'
touch --date='1999-09-09 09:09:09.123456789 UTC' deep/a/b
touch --date='2001-01-01 UTC' empty
chmod 2750 .; chown 1000:1001 .; setfattr --name=user.root --value=x .
touch --date='1975-05-05 05:05:05.5 UTC' .
`;
}

/**
 * A script that makes a tree which follows from `seed` alone: names, kinds, contents, attributes and
 * times are drawn, and some of it is changed again when `generation` is above 0.
 */
export function randomTreeScript(seed: number, generation = 0): string {
  return `node - ${seed} ${generation} <<'PROGRAM'\n${RANDOM_TREE}\nPROGRAM`;
}

const RANDOM_TREE = `
const fs = require("fs");
const { execFileSync } = require("child_process");
const [seed, generation] = process.argv.slice(2).map(Number);
let state = (seed * 2654435761 + generation * 40503 + 1) >>> 0;
const random = (limit) => {
  state ^= state << 13; state >>>= 0; state ^= state >>> 17; state ^= state << 5; state >>>= 0;
  return state % limit;
};
const bytes = (length) => Buffer.from(Array.from({ length }, () => random(256)));
const name = () => {
  const raw = bytes(1 + random(12));
  for (const [at, byte] of raw.entries()) if (byte === 0 || byte === 0x2f) raw[at] = 0x61 + (at % 26);
  const text = raw.toString("latin1");
  return random(3) === 0 && text !== "." && text !== ".." ? raw : Buffer.from("n" + random(1e6));
};
const under = (folder, child) => Buffer.concat([folder, Buffer.from("/"), child]);
// No command takes any bytes as an argument from here: they are given the open file, or a plain name.
const setAttribute = (place, name, value) => {
  const file = fs.openSync(place, "r");
  const path = "/proc/self/fd/3";
  try { execFileSync("setfattr", ["-n", name, "-v", value, path], { stdio: ["ignore", "inherit", "inherit", file] }); }
  finally { fs.closeSync(file); }
};
const folders = [Buffer.from(".")];
const files = [];
const makers = [
  (place) => { fs.mkdirSync(place); folders.push(place); },
  (place) => { fs.symlinkSync(name(), place); },
  (place) => { if (files.length > 0) fs.linkSync(files[random(files.length)], place); },
  (place) => { execFileSync("mkfifo", ["fifo"]); fs.renameSync("fifo", place); },
];
const change = (place) => {
  fs.writeFileSync(place, bytes(random(5000)));
  if (random(4) === 0) fs.truncateSync(place, random(1e6));
};
const decorate = (place) => {
  fs.chownSync(place, random(70000), random(70000));
  fs.chmodSync(place, random(4096));
  if (random(3) === 0) {
    const value = "0x" + bytes(1 + random(20)).toString("hex");
    setAttribute(place, "user.a" + random(3), value);
  }
  fs.utimesSync(place, 0, random(4e9) - 2e9 + random(1000) / 1000);
};
if (generation === 0) {
  for (let made = 0; made < 150; made += 1) {
    const place = under(folders[random(folders.length)], name());
    if (fs.lstatSync(place, { throwIfNoEntry: false })) continue;
    const kind = random(10);
    if (kind < makers.length) makers[kind](place);
    else { change(place); files.push(place); }
  }
} else {
  const walk = (folder) => fs.readdirSync(folder, { encoding: "buffer" }).flatMap((child) => {
    const place = under(folder, child);
    const status = fs.lstatSync(place);
    if (status.isDirectory()) { folders.push(place); return walk(place); }
    if (status.isFile()) files.push(place);
    return [];
  });
  walk(folders[0]);
  for (const place of files) {
    const kind = random(12);
    if (kind === 0) fs.unlinkSync(place);
    // The same size and time: only reading shows it.
    if (kind === 1) { const { size, atime, mtime } = fs.statSync(place); fs.writeFileSync(place, bytes(Math.min(size, 3000))); fs.truncateSync(place, size); fs.utimesSync(place, atime, mtime); }
    if (kind === 2) fs.renameSync(place, under(folders[random(folders.length)], name()));
    if (kind === 3) change(place);
  }
  files.length = 0;
}
for (const place of [...files, ...folders.slice(1).reverse()]) decorate(place);
`;
