import { readFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import tls from "node:tls";
import { generate } from "selfsigned";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { overlaps, parseCidrLoosely } from "../../checks/cidr";
import { parseRun } from "../../report/runRecord";
import { kernelMemoryLimit } from "../support/controlGroup";
import { containerIds, containersOf, engine, networksOf, volumesOf } from "../support/dockerHost";
import { EditorClient } from "../support/editorClient";
import { breakIsolation } from "../support/isolationBreaks";
import { keepRecords } from "../support/keptRecords";
import type { LiveEnvironment, StackOutputs } from "../support/liveEnvironment";
import { type LiveProject, startProject } from "../support/liveProject";
import { defaultGateway, reach, reachByName } from "../support/networkProbe";
import { handshake } from "../support/tlsProbe";

/*
 * The three environments of the table at once on one host, as `dev`, `staging` and `prod` are: what
 * they must not share, what cannot get from one to another, and that they live and die apart.
 */
const MEBIBYTE = 1024 * 1024;
/** Values that shells, YAML, JSON and `.env` files each have their own way with. */
const ODD_VALUES = {
  ODD_QUOTES: `it's "quoted" \`so\` \\ = and = $HOME $$ $(id) # not a comment`,
  ODD_LINES: "  one\ntwo\r\n\nlast\t",
  ODD_LETTERS: "Grüße, 日本語, 🦊, é",
  ODD_TYPES: "true",
  ODD_EMPTY: "",
};
const TABLE = {
  dev: {
    variables: ODD_VALUES,
    resources: { cpus: 0.5, memory: "512MiB", storage: "2GiB" },
    access: { tier: "local" },
    logLevel: "debug",
  },
  staging: {
    resources: { cpus: 1, memory: "1GiB", storage: "5GiB" },
    access: { tier: "limited" },
    logLevel: "info",
  },
  prod: {
    resources: { cpus: 2, memory: "2GiB", storage: "10GiB" },
    access: { tier: "full", bindAddress: "127.0.0.1" },
    logLevel: "info",
    network: { egress: ["code-server"] },
  },
} as const;
type Tier = keyof typeof TABLE;
const TIERS = Object.keys(TABLE) as Tier[];
const ENCRYPTED = ["staging", "prod"] as const;
/** Where the editor and the gateway listen inside their networks. */
const PORT = 8443;

let project: LiveProject;
const outputs = {} as Record<Tier, StackOutputs>;
const environment = (tier: Tier): LiveEnvironment => project.environment(tier);
const editor = (tier: Tier) => `doom-${environment(tier).stack}-code-server-1`;
const gateway = (tier: Tier) => `doom-${environment(tier).stack}-gateway`;

beforeAll(async () => {
  project = await startProject(TABLE);
  await Promise.all(TIERS.map((tier) => environment(tier).up()));
  for (const tier of TIERS) outputs[tier] = await environment(tier).outputs();
});
afterAll(() => project?.dispose());

const pidOf = async (container: string) =>
  (await engine.getContainer(container).inspect()).State.Pid;

/** The container's address on the network of that role. */
async function addressOf(container: string, tier: Tier, role: "internal" | "edge" | "egress") {
  const { NetworkSettings } = await engine.getContainer(container).inspect();
  const address = NetworkSettings.Networks[outputs[tier].networks[role].name]?.IPAddress;
  if (!address) throw new Error(`${container} has no address on ${role}`);
  return address;
}

/** The host's own address on a network: the first one after the network's. */
function hostAddress(tier: Tier, role: "internal" | "edge" | "egress"): string {
  const [range = ""] = outputs[tier].networks[role].cidr.split("/");
  return range.replace(/\d+$/, (last) => String(Number(last) + 1));
}

async function serves(tier: Tier): Promise<boolean> {
  const client = new EditorClient(outputs[tier].url);
  await client.login(outputs[tier].passwords["1"] ?? "");
  return client.getsIn();
}

describe("side by side", () => {
  it("each has its own row of the table", async () => {
    const rows = TIERS.map(async (tier) => {
      const info = await engine.getContainer(editor(tier)).inspect();
      const level = info.Config.Env.find((line) => line.startsWith("LOG_LEVEL="));
      const { NanoCpus = 0, Memory = 0 } = info.HostConfig;
      return [NanoCpus / 1e9, Memory / MEBIBYTE, level];
    });
    expect(await Promise.all(rows)).toEqual([
      [0.5, 512, "LOG_LEVEL=debug"],
      [1, 1024, "LOG_LEVEL=info"],
      [2, 2048, "LOG_LEVEL=info"],
    ]);
  });

  it("each answers on its own port, by the protocol of its tier", async () => {
    const addresses = TIERS.map((tier) => outputs[tier].url);
    expect(addresses).toEqual([
      `http://127.0.0.1:${environment("dev").port}/`,
      `https://127.0.0.1:${environment("staging").port}/`,
      `https://127.0.0.1:${environment("prod").port}/`,
    ]);
    expect(new Set(addresses).size).toBe(3);
    for (const tier of TIERS) expect(await serves(tier)).toBe(true);
  });

  it("no password opens another environment", async () => {
    for (const tier of TIERS)
      for (const other of TIERS.filter((name) => name !== tier)) {
        const client = new EditorClient(outputs[tier].url);
        await client.login(outputs[other].passwords["1"] ?? "");
        expect(await client.getsIn(), `${other} at ${tier}`).toBe(false);
      }
  });

  it("one browser stays logged in to all of them: no two cookies have one name", async () => {
    const names: string[] = [];
    for (const tier of TIERS) {
      const client = new EditorClient(outputs[tier].url);
      await client.login(outputs[tier].passwords["1"] ?? "");
      names.push(...client.cookies.keys());
    }
    expect(names.length).toBe(6);
    expect(new Set(names).size).toBe(6);
  });

  it("share no network, no address and no volume", async () => {
    const all = await Promise.all(
      TIERS.map(async (tier) => ({
        networks: (await networksOf(environment(tier).stack)).map(({ Id }) => Id),
        volumes: (await volumesOf(environment(tier).stack)).map(({ Name }) => Name),
        mounted: (await containersOf(environment(tier).stack)).flatMap(({ Mounts }) =>
          Mounts.map(({ Source }) => Source),
        ),
        ranges: Object.values(outputs[tier].networks).map(({ cidr }) => cidr),
      })),
    );
    const distinct = (values: string[], count: number) => {
      expect(values).toHaveLength(count);
      expect(new Set(values).size).toBe(count);
    };
    distinct(
      all.flatMap(({ networks }) => networks),
      9,
    );
    distinct(
      all.flatMap(({ volumes }) => volumes),
      3,
    );
    // A volume and a secret each, and a certificate for two of them.
    distinct(
      all.flatMap(({ mounted }) => mounted),
      8,
    );
    const ranges = all.flatMap(({ ranges }) => ranges).map((range) => parseCidrLoosely(range));
    ranges.forEach((range, index) => {
      for (const other of ranges.slice(index + 1))
        expect(range && other && overlaps(range, other)).toBe(false);
    });
  });
});

describe("TLS wherever the tier is not local", () => {
  it.each(ENCRYPTED)(
    "%s speaks TLS 1.2 and 1.3, under the names it is reached by",
    async (tier) => {
      const { port } = environment(tier);
      const answers = [
        await handshake("127.0.0.1", port, "TLSv1.2"),
        await handshake("127.0.0.1", port, "TLSv1.3"),
      ];
      expect(answers.map(({ version }) => version)).toEqual(["TLSv1.2", "TLSv1.3"]);
      for (const { names, selfSigned, validTo } of answers) {
        expect(names).toBe("IP Address:127.0.0.1, DNS:localhost");
        expect(selfSigned).toBe(true);
        const days = (validTo.getTime() - Date.now()) / (24 * 3600 * 1000);
        expect(days).toBeGreaterThan(700);
        expect(days).toBeLessThan(825);
      }
    },
  );

  it.each(ENCRYPTED)("%s refuses TLS 1.0, TLS 1.1 and plain HTTP", async (tier) => {
    const { port } = environment(tier);
    for (const version of ["TLSv1", "TLSv1.1"] as const)
      await expect(handshake("127.0.0.1", port, version)).rejects.toThrow(/protocol version/);
    const plain = new EditorClient(`http://127.0.0.1:${port}/`);
    await expect(plain.request("")).rejects.toThrow();
  });

  it("the refusal is the server's: the same client does speak TLS 1.1 to one that takes it", async () => {
    const pems = await generate([{ name: "commonName", value: "old" }]);
    const server = tls.createServer({
      key: pems.private,
      cert: pems.cert,
      minVersion: "TLSv1",
      ciphers: "DEFAULT@SECLEVEL=0",
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as net.AddressInfo;
    expect((await handshake("127.0.0.1", port, "TLSv1.1")).version).toBe("TLSv1.1");
    server.close();
  });

  it("each has a certificate of its own, and its cookies are for TLS only", async () => {
    const [staging, prod] = await Promise.all(
      ENCRYPTED.map((tier) => handshake("127.0.0.1", environment(tier).port, "TLSv1.3")),
    );
    expect(staging?.fingerprint).not.toBe(prod?.fingerprint);
    for (const tier of TIERS) {
      const { headers } = await new EditorClient(outputs[tier].url).request("login");
      const sticky = (headers["set-cookie"] ?? []).find((line) => line.startsWith("doom-")) ?? "";
      expect(/; *secure/i.test(sticky), tier).toBe(tier !== "dev");
    }
  });
});

describe("what an editor can reach", () => {
  it("its own gateway, by address and by name, and no other environment's names", async () => {
    const pid = await pidOf(editor("dev"));
    expect(await reach(pid, await addressOf(gateway("dev"), "dev", "internal"), PORT)).toBe("OPEN");
    expect(await reachByName(pid, gateway("dev"), PORT)).toBe("OPEN");
    expect(await reachByName(pid, gateway("staging"), PORT)).toBe("NO NAME");
    expect(await reachByName(pid, editor("staging"), PORT)).toBe("NO NAME");
  });

  /** Everything that listens outside the tier's own internal network, reached from the host. */
  const targetsOutside = async (tier: Tier) => {
    const other = tier === "dev" ? "staging" : "dev";
    const targets = [
      await addressOf(gateway(tier), tier, "edge"),
      await addressOf(gateway(other), other, "edge"),
      await addressOf(gateway(other), other, "internal"),
      await addressOf(editor(other), other, "internal"),
    ];
    if (tier !== "prod") targets.push(await addressOf(editor("prod"), "prod", "egress"));
    for (const target of targets)
      expect(await reach(process.pid, target, PORT), `host to ${target}`).toBe("OPEN");
    return targets;
  };

  const expectBlocked = async (inside: number, targets: string[]) => {
    const reached = await Promise.all(targets.map((target) => reach(inside, target, PORT)));
    const open = targets.filter(
      (_, index) => !/^(TIMEOUT|UNREACHABLE)$/.test(reached[index] ?? ""),
    );
    expect(open).toEqual([]);
  };

  it("nothing outside its network, although the host reaches it all", async () => {
    const inside = await pidOf(editor("dev"));
    await expectBlocked(inside, await targetsOutside("dev"));
    // Older engines name a gateway that forwards nothing, newer ones none.
    expect([undefined, hostAddress("dev", "internal")]).toContain(defaultGateway(inside));
  });

  it("with a way out, still no other environment, nor its own edge", async () => {
    const inside = await pidOf(editor("prod"));
    expect(defaultGateway(inside)).toBe(hostAddress("prod", "egress"));
    const networks = (await engine.getContainer(editor("prod")).inspect()).NetworkSettings.Networks;
    const { internal, egress } = outputs.prod.networks;
    expect(Object.keys(networks).sort()).toEqual([egress.name, internal.name].sort());
    await expectBlocked(inside, await targetsOutside("prod"));
  });

  it("no published port through the host's addresses on the networks", async () => {
    for (const [from, role] of [
      ["dev", "internal"],
      ["prod", "egress"],
    ] as const) {
      const inside = await pidOf(editor(from));
      for (const tier of TIERS) {
        const { port } = environment(tier);
        expect(await reach(process.pid, "127.0.0.1", port)).toBe("OPEN");
        expect(await reach(inside, hostAddress(from, role), port), tier).toBe("REFUSED");
        expect(await reach(inside, hostAddress(tier, "edge"), port), tier).not.toBe("OPEN");
      }
    }
  });

  it("the probe tells the difference: a listener on the bridge's address is reached", async () => {
    const server = net.createServer((socket) => socket.destroy());
    const address = hostAddress("dev", "internal");
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    const { port } = server.address() as net.AddressInfo;
    expect(await reach(await pidOf(editor("dev")), address, port)).toBe("OPEN");
    server.close();
  });
});

describe("the isolation is proven by trying it", () => {
  interface Document {
    readonly isolated: boolean;
    readonly stations: string[];
    readonly counts: Record<string, number>;
    readonly pairs: { from: string; to: string; asDeclared: boolean }[];
    readonly problems: { from: string; to: string; via: string; port: number; problem: string }[];
    readonly shared: { kind: string; thing: string; between: string[] }[];
    readonly controls: { target: string; by?: string }[];
    readonly record: string;
  }
  const prove = async (...options: string[]) => {
    const command = ["bin/cli/main.js", "verify", "--isolation", "--json", ...options];
    const { code, stdout, stderr } = await environment("dev").run(process.execPath, command);
    if (!stdout.includes('"pairs"')) throw new Error(`code ${code}\n${stdout}\n${stderr}`);
    return { code, document: JSON.parse(stdout) as Document };
  };
  const recordAt = (file: string) =>
    parseRun(readFileSync(path.join(environment("dev").root, file), "utf8"));
  afterAll(() => {
    if (!project) return;
    const names = TIERS.map((tier) => [environment(tier).stack, tier]);
    keepRecords(environment("dev").root, Object.fromEntries(names));
  });
  const own = () => TIERS.flatMap((tier) => [editor(tier), gateway(tier)]).sort();

  it("every container and the host against every other: all as declared, and no probe failed", async () => {
    const { code, document } = await prove("--record");
    expect(document.problems).toEqual([]);
    expect(document.shared).toEqual([]);
    expect([code, document.isolated, document.counts.ERROR]).toEqual([0, true, 0]);
    expect([...document.stations].sort()).toEqual([...own(), "host"].sort());
    const pairs = new Set(document.pairs.map(({ from, to }) => `${from} ${to}`));
    for (const to of own())
      for (const from of document.stations)
        expect(pairs, `${from} ${to}`).toContain(`${from} ${to}`);
    // What shares a network is controlled from there, and the rest from the host.
    for (const tier of TIERS) {
      const inside = await addressOf(editor(tier), tier, "internal");
      expect(document.controls).toContainEqual({
        target: `${editor(tier)} ${inside} udp`,
        by: gateway(tier),
      });
    }
    expect(document.controls.filter(({ by }) => by === undefined)).toEqual([]);
    expect(recordAt(document.record)).toMatchObject({ kind: "isolation", pairs: document.pairs });
  });

  it("all parts that have something to say to each other get on, and no others", async () => {
    const command = ["bin/cli/main.js", "verify", "--interop", "--json", "--record"];
    const { code, stdout, stderr } = await environment("dev").run(process.execPath, command);
    if (!stdout.includes('"checks"')) throw new Error(`code ${code}\n${stdout}\n${stderr}`);
    const { checks, undeclared, score, record } = JSON.parse(stdout) as {
      record: string;
      checks: { from: string; to: string; way: string; passed: boolean; evidence: string }[];
      undeclared: { from: string; to: string; probes: number; problems: string[] }[];
      score: { passed: number; total: number; percent: number };
    };
    expect(checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(undeclared.flatMap(({ problems }) => problems)).toEqual([]);
    expect([code, score.percent, score.passed]).toEqual([0, 100, score.total]);
    expect(recordAt(record)).toMatchObject({ kind: "interop", undeclared });
    const seen = (from: string, to: string) =>
      checks.filter((check) => check.from === from && check.to === to).map(({ way }) => way);
    for (const tier of TIERS) {
      const tls = tier === "dev" ? [] : ["tls"];
      const way = ["tcp", "http", "websocket", ...tls, "version"];
      expect(seen("operator", gateway(tier)), tier).toEqual(way);
      const inner = ["name", "tcp", "http", "websocket", "version"];
      expect(seen(gateway(tier), editor(tier)), tier).toEqual(inner);
    }
    // Each of six containers with the four of the other environments.
    expect(undeclared).toHaveLength(24);
    expect(undeclared.every(({ probes }) => probes > 0)).toBe(true);
    const variables = checks.find(({ to, way }) => to === editor("dev") && way === "data");
    expect(variables?.evidence).toBe("YAML, JSON and 9 variables the same");
  });

  it("every break is found, and names who reaches or shares what", async () => {
    const stack = (tier: Tier) => environment(tier).stack;
    const breaks = await breakIsolation({
      victim: stack("staging"),
      guest: stack("prod"),
      bridges: [outputs.dev.networks.edge.name, outputs.prod.networks.egress.name],
    });
    try {
      const { code, document } = await prove();
      expect([code, document.isolated]).toEqual([13, false]);
      const reached = (from: string, to: string, via = "address") =>
        document.problems.filter((one) => one.from === from && one.to === to && one.via === via);
      const shared = (kind: string, container: string) =>
        document.shared.filter((one) => one.kind === kind && one.between.includes(container));
      const { joined, published, host, volume, secret, port } = breaks;
      expect(reached(joined, editor("staging"))).not.toEqual([]);
      expect(reached(editor("staging"), joined, "name")).not.toEqual([]);
      expect(shared("network", joined)[0]?.between).toContain(editor("staging"));
      for (const from of ["host", gateway("dev")])
        expect(reached(from, published, "published port")[0]?.port, from).toBe(port);
      expect(shared("volume", volume)[0]?.between).toContain(editor("staging"));
      expect(shared("secret", secret)[0]?.between).toContain(editor("staging"));
      expect(shared("namespace", host)[0]?.between).toEqual([host, "host"]);
      expect(reached(host, editor("dev"))).not.toEqual([]);
      const crossed = reached(editor("prod"), gateway("dev"));
      expect(crossed.length > 0).toBe(breaks.areRulesFlushed);
      // Who has no part in any of it is as declared.
      expect(reached(editor("dev"), editor("staging"))).toEqual([]);
    } finally {
      await breaks.undo();
    }
  });
});

describe("lives apart", () => {
  it("a new limit in one changes nothing in the others", async () => {
    const before = await Promise.all(TIERS.map((tier) => containerIds(environment(tier).stack)));
    environment("staging").configure((value) => ({
      ...value,
      resources: { ...TABLE.staging.resources, memory: "1100MiB" },
    }));
    await environment("staging").up();
    const after = await Promise.all(TIERS.map((tier) => containerIds(environment(tier).stack)));
    expect(after).toEqual(before);
    const limits = await Promise.all(
      TIERS.map(async (tier) => kernelMemoryLimit(await pidOf(editor(tier))) / MEBIBYTE),
    );
    expect(limits).toEqual([512, 1100, 2048]);
  });

  it("taking one down leaves the others as they are", async () => {
    const others = ["dev", "prod"] as const;
    const before = await Promise.all(others.map((tier) => containerIds(environment(tier).stack)));
    await environment("staging").doom("down", environment("staging").stack);
    expect(await containersOf(environment("staging").stack)).toEqual([]);
    await expect(serves("staging")).rejects.toThrow("ECONNREFUSED");
    const after = await Promise.all(others.map((tier) => containerIds(environment(tier).stack)));
    expect(after).toEqual(before);
    for (const tier of others) {
      expect(await serves(tier)).toBe(true);
      expect(await environment(tier).plan("--refresh")).toEqual([]);
    }
  });
});
