import { describe, expect, it } from "vitest";
import { type HostThings, type SharingContainer, sharedThings } from "./sharedThings";

function container(name: string, stack: string, more: Partial<SharingContainer> = {}) {
  const modes = { networkMode: `doom-${stack}-internal`, pidMode: "", ipcMode: "private" };
  const things = { networks: [`doom-${stack}-internal`], volumes: [`doom-${stack}-data-1`] };
  return { id: `id of ${name}`, name, stack, ...modes, ...things, binds: [], ...more };
}

function host(...more: SharingContainer[]): HostThings {
  const stacks = ["dev", "prod"];
  return {
    containers: [
      container("dev-editor", "dev", { binds: [secret("/run/dev", "aaa")] }),
      container("prod-editor", "prod", { binds: [secret("/run/prod", "bbb")] }),
      ...more,
    ],
    networks: stacks.map((stack) => ({ name: `doom-${stack}-internal`, stack })),
    volumes: stacks.map((stack) => ({ name: `doom-${stack}-data-1`, stack })),
  };
}

const secret = (source: string, fingerprint: string) => ({ source, fingerprint });
const none = { networks: [], volumes: [] };
const found = (...more: SharingContainer[]) => sharedThings(host(...more), ["dev", "prod"]);

describe("what environments share", () => {
  it("is nothing, when each has its own", () => {
    expect(found()).toEqual([]);
    expect(found(container("dev-second", "dev"))).toEqual([]);
  });

  it.each<[string, Partial<SharingContainer>, object]>([
    [
      "a network",
      { networks: ["doom-dev-internal"] },
      { kind: "network", thing: "doom-dev-internal", between: ["dev-editor", "stray"] },
    ],
    [
      "a volume",
      { volumes: ["doom-dev-data-1"] },
      { kind: "volume", thing: "doom-dev-data-1", between: ["dev-editor", "stray"] },
    ],
    [
      "what a secret file holds, under another name",
      { binds: [secret("/run/copy", "aaa")] },
      { kind: "secret", thing: "/run/dev", between: ["dev-editor", "stray"] },
    ],
    [
      "the host's network",
      { networkMode: "host" },
      { kind: "namespace", thing: "network namespace", between: ["stray", "host"] },
    ],
    [
      "the processes of another environment's container",
      { pidMode: "container:id of dev-editor" },
      { kind: "namespace", thing: "process namespace", between: ["stray", "dev-editor"] },
    ],
  ])("is named with who shares it: %s", (_, more, expected) => {
    expect(found(container("stray", "prod", { ...none, ...more }))).toContainEqual(expected);
  });

  it("is found with containers of nobody and of stacks that were not asked for", () => {
    const { stack: _, ...stranger } = container("stranger", "x", none);
    expect(found({ ...stranger, volumes: ["doom-dev-data-1"] })).toHaveLength(1);
    expect(
      found(container("other", "other", { ...none, volumes: ["doom-dev-data-1"] })),
    ).toHaveLength(1);
  });

  it("is found when the owner's own container is away", () => {
    const { containers, ...rest } = host(
      container("stray", "prod", { ...none, volumes: ["doom-dev-data-1"] }),
    );
    const away = containers.filter(({ name }) => name !== "dev-editor");
    expect(sharedThings({ containers: away, ...rest }, ["dev", "prod"])).toEqual([
      { kind: "volume", thing: "doom-dev-data-1", between: ["dev", "stray"] },
    ]);
  });

  it("is nobody's concern where no environment that was asked for has a part in it", () => {
    const { stack: _, ...stranger } = container("stranger", "x", none);
    const twice = [
      { ...stranger, volumes: ["theirs"], networkMode: "host" },
      { ...stranger, volumes: ["theirs"] },
    ];
    expect(found(...twice)).toEqual([]);
  });
});
