import { expect, test } from "vitest";
import { pathsToRead } from "./changedFiles";

/** Lines as `docker diff` prints them. */
function changes(...lines: string[]) {
  return lines.map((line) => ({ Kind: "CAD".indexOf(line[0] as string), Path: line.slice(2) }));
}

const paths = (lines: string[], mounts: string[] = []) =>
  pathsToRead(changes(...lines), mounts).map(
    ({ path, whole }) => `${path}${whole ? " whole" : ""}`,
  );

test("a changed file is read by itself, the folders above it are not", () => {
  expect(paths(["C /etc", "C /etc/passwd", "C /etc/group"])).toEqual(["/etc/passwd", "/etc/group"]);
});

test("an added folder is read as a whole, once", () => {
  expect(paths(["C /tmp", "A /tmp/a", "A /tmp/a/b", "A /tmp/a/b/c", "A /tmp/d"])).toEqual([
    "/tmp/a whole",
    "/tmp/d whole",
  ]);
});

test("what is deleted is not read", () => {
  expect(paths(["C /etc", "D /etc/motd"])).toEqual(["/etc"]);
});

test("nothing at or below a mount is read", () => {
  const lines = ["C /run", "A /run/secrets", "A /run/secrets/key.pem", "A /config/a", "A /data"];
  expect(paths(lines, ["/run/secrets/key.pem", "/config"])).toEqual(["/data whole"]);
});

test("an added folder with a mount in it is read by its parts", () => {
  const lines = ["A /srv", "A /srv/data", "A /srv/log", "A /srv/log/a", "A /srvx"];
  expect(paths(lines, ["/srv/data"])).toEqual(["/srv/log whole", "/srvx whole"]);
});

test("a changed folder above a mount is not read even when nothing below it changed", () => {
  expect(paths(["C /run"], ["/run/secrets/key.pem"])).toEqual([]);
});
