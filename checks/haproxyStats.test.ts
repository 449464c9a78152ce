import { describe, expect, test } from "vitest";
import { parseStats, routedEditor } from "./haproxyStats";

/** As HAProxy 2.6 prints it, cut to its first 20 columns. */
const CSV = `# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,act,
editors,code-server-1,0,0,1,3,,120,9,9,,0,,0,0,0,0,UP,1,1,
editors,code-server-2,0,0,0,1,,1,9,9,,0,,0,0,0,0,DRAIN,1,1,
editors,code-server-3,0,0,0,0,,0,0,0,,0,,0,0,0,0,MAINT (resolution),1,1,
editors,BACKEND,0,0,1,3,410,121,9,9,0,0,,0,0,0,0,UP,1,1,
code-server-1,editor,0,0,2,4,,7,9,9,,0,,0,0,0,0,UP,1,1,
code-server-1,BACKEND,0,0,2,4,410,7,9,9,0,0,,0,0,0,0,UP,1,1,
code-server-2,editor,0,0,1,4,,7,9,9,,0,,0,0,0,0,UP 1/2,1,1,
code-server-2,BACKEND,0,0,1,4,410,7,9,9,0,0,,0,0,0,0,UP,1,1,
code-server-3,editor,0,0,0,0,,0,0,0,,0,,0,0,0,0,MAINT (resolution),1,1,
code-server-3,BACKEND,0,0,0,0,410,0,0,0,0,0,,0,0,0,0,DOWN,0,0,

`;

describe("an editor", () => {
  test.each([
    ["code-server-1", { sessions: 3, takesVisitors: true }],
    ["code-server-2", { sessions: 1, takesVisitors: false }],
    ["code-server-3", { sessions: 0, takesVisitors: false }],
    ["code-server-4", undefined],
  ])("%s: %j", (editor, routed) => {
    expect(routedEditor(parseStats(CSV), editor, "editors")).toEqual(routed);
  });

  test("is not known from the other backend's servers", () => {
    expect(routedEditor(parseStats(CSV), "code-server-1", "others")).toBeUndefined();
  });
});

test.each(["", "Unknown command", "# pxname,svname,status,\n"])("%j is refused", (csv) => {
  expect(() => parseStats(csv)).toThrow("HAProxy's statistics have no column");
});
