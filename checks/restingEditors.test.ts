import { expect, test } from "vitest";
import type { StateResource } from "./checkpoint";
import { restingIn } from "./restingEditors";

function resource(name: string, protect = true): StateResource {
  const urn = `urn:pulumi:dev::doom-coding::x$y::${name}`;
  return { urn, type: "y", inputs: {}, outputs: {}, protect, needs: [] };
}

const STATE = {
  pending: [],
  resources: [
    resource("environment-code-server-1-data-volume"),
    resource("environment-code-server-12-password-generate"),
    resource("environment-code-server-3-data-volume"),
    resource("environment-code-server-3-password-generate"),
    resource("environment-snapshots-password-generate"),
    // Taken out of the stack's protection by hand: whoever did that wants it gone.
    resource("environment-code-server-4-data-volume", false),
    resource("environment-code-server-5-container"),
  ],
};

test.each([
  [1, [3, 12]],
  [2, [3, 12]],
  [3, [12]],
  [12, []],
])("with %d editors, %j rest", (instances, resting) => {
  expect(restingIn(STATE, instances)).toEqual(resting);
});

test("an empty state has none", () => {
  expect(restingIn({ resources: [], pending: [] }, 1)).toEqual([]);
});
