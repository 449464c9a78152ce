import { expect, test } from "vitest";
import { editorUser, sessionCookies } from "./editorEnvironment";

test.each([
  [["PUID=1234", "PGID=2345", "TZ=UTC"], "1234:2345"],
  [["PUID=1234"], "1234:1000"],
  [[], "1000:1000"],
])("the user of %j is %s", (lines, user) => {
  expect(editorUser(lines)).toBe(user);
});

test.each([
  [["TZ=UTC"], ["code-server-session"]],
  [["COOKIE_SUFFIX="], ["code-server-session"]],
  [["COOKIE_SUFFIX=dev-1"], ["code-server-session", "code-server-session-dev-1"]],
])("the session of %j goes by the names %j", (lines, names) => {
  const cookies = sessionCookies(lines, "$argon2id$a=b");
  expect([...cookies.keys()]).toEqual(names);
  expect(new Set(cookies.values())).toEqual(new Set(["%24argon2id%24a%3Db"]));
});
