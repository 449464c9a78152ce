import { describe, expect, it } from "vitest";
import {
  addressProblems,
  type Claim,
  capacityFigures,
  capacityProblems,
  copyProblem,
  cpuProblems,
  describeCapacity,
  memoryInUseProblems,
  unreclaimable,
} from "./capacity";
import { type Cidr, parseCidrLoosely } from "./cidr";

const host = { memoryMebibytes: 4096, cpus: 2, storageMebibytes: 20 * 1024 };
const overcommit = { memory: 1, cpus: 16, storage: 1 };
const dev: Claim = { stack: "dev", memoryMebibytes: 640, cpus: 1, storageMebibytes: 2048 };
const claim = (stack: string, changes: Partial<Claim>): Claim => ({
  stack,
  memoryMebibytes: 0,
  cpus: 0,
  storageMebibytes: 0,
  ...changes,
});
const problems = (others: readonly Claim[], factors = overcommit) =>
  capacityProblems("dev", capacityFigures(dev, others, host, factors));

describe("capacityProblems", () => {
  it("accepts one environment, and others up to exactly what there is", () => {
    expect(problems([])).toEqual([]);
    const rest = { memoryMebibytes: 4096 - 640, cpus: 31, storageMebibytes: 18 * 1024 };
    expect(problems([claim("prod", rest)])).toEqual([]);
  });

  it("refuses memory that would be promised twice, with the numbers and the way out", () => {
    expect(problems([claim("prod", { memoryMebibytes: 3457 })])).toEqual([
      "not enough memory: 4.0 GiB would be promised, the host has 4.0 GiB, and capacity.overcommit.memory 1 allows 4.0 GiB (dev 0.6 GiB, prod 3.4 GiB); lower resources.memory or instances in Pulumi.dev.yaml, take another environment down, or allow it there with capacity.overcommit.memory: 1.01",
    ]);
  });

  it("allows more CPUs than there are up to the factor, and no further", () => {
    expect(problems([claim("prod", { cpus: 31 })])).toEqual([]);
    expect(problems([claim("prod", { cpus: 31.01 })])).toEqual([
      "not enough CPUs: 32.01 would be promised, the host has 2, and capacity.overcommit.cpus 16 allows 32 (dev 1, prod 31.01); lower resources.cpus or instances in Pulumi.dev.yaml, take another environment down, or allow it there with capacity.overcommit.cpus: 16.01",
    ]);
  });

  it("refuses storage that would be promised twice", () => {
    const [problem] = problems([claim("prod", { storageMebibytes: 19 * 1024 })]);
    expect(problem).toMatch(
      "not enough storage: 21.0 GiB would be promised, the host has 20.0 GiB",
    );
  });

  it.each(["memory", "cpus", "storage"] as const)(
    "takes the factor it advises for %s",
    (resource) => {
      const others = [claim("prod", { memoryMebibytes: 7000, cpus: 77, storageMebibytes: 50_001 })];
      const advised = problems(others)
        .map((line) => new RegExp(`capacity.overcommit.${resource}: ([\\d.]+)$`).exec(line)?.[1])
        .find((factor) => factor !== undefined);
      const factors = { ...overcommit, [resource]: Number(advised) };
      expect(problems(others)).toHaveLength(3);
      expect(problems(others, factors)).toHaveLength(2);
    },
  );

  it("keeps part of the host free with a factor below 1", () => {
    expect(problems([], { ...overcommit, memory: 0.15 })).toHaveLength(1);
    expect(problems([], { ...overcommit, memory: 0.16 })).toEqual([]);
  });

  it("names the largest of many, and counts the rest", () => {
    const others = Array.from({ length: 8 }, (_, position) =>
      claim(`e${position + 1}`, { memoryMebibytes: 1024 * (position + 1) }),
    );
    expect(problems(others)[0]).toContain(
      "(dev 0.6 GiB, e8 8.0 GiB, e7 7.0 GiB, e6 6.0 GiB, e5 5.0 GiB, e4 4.0 GiB, 3 more)",
    );
  });

  it("leaves the disk of another machine out", () => {
    const elsewhere = { ...host, storageMebibytes: undefined };
    const figures = capacityFigures(dev, [], elsewhere, overcommit);
    expect(figures.map(({ resource }) => resource)).toEqual(["memory", "cpus"]);
  });
});

describe("describeCapacity", () => {
  it("has the numbers in one line", () => {
    expect(
      describeCapacity(capacityFigures(dev, [claim("prod", { cpus: 4 })], host, overcommit)),
    ).toBe("memory 0.6 GiB of 4.0 GiB, CPUs 5 of 2 (32 allowed), storage 2.0 GiB of 20.0 GiB");
  });
});

describe("cpuProblems", () => {
  it("refuses an instance that is larger than the host, whatever the factor", () => {
    expect(cpuProblems("dev", 2, 2)).toEqual([]);
    expect(cpuProblems("dev", 2.01, 2)).toEqual([
      "resources.cpus is 2.01, but the Docker host has 2; set it to 2 or less in Pulumi.dev.yaml",
    ]);
  });
});

describe("unreclaimable", () => {
  it("leaves the cache of files out, under either version's names", () => {
    const version1 = {
      inactive_file: 1,
      active_file: 1,
      total_inactive_file: 30,
      total_active_file: 20,
    };
    expect(unreclaimable(100, version1)).toBe(50);
    expect(unreclaimable(100, { inactive_file: 30, active_file: 20, anon: 40 })).toBe(50);
    expect(unreclaimable(100, {})).toBe(100);
  });
});

describe("memoryInUseProblems", () => {
  it("refuses a limit that what runs does not fit in", () => {
    const container = { container: "doom-dev-code-server-1", wanted: 256 };
    expect(memoryInUseProblems("dev", [{ ...container, used: 255.9 }])).toEqual([]);
    expect(memoryInUseProblems("dev", [{ ...container, used: 256 }])).toEqual([
      "doom-dev-code-server-1 uses 256 MiB now, which a limit of 256 MiB would end; end something in it, stop it (docker stop doom-dev-code-server-1), or set resources.memory in Pulumi.dev.yaml higher",
    ]);
  });
});

describe("addressProblems", () => {
  const range = parseCidrLoosely("10.87.0.0/24") as Cidr;

  it("keeps three of each network's addresses, and gives the rest to containers", () => {
    expect(addressProblems("dev", range, 4, 61)).toEqual([]);
    expect(addressProblems("dev", range, 4, 62)).toEqual([
      "network.cidr 10.87.0.0/24 gives each network room for 61 containers, and there are 62; take a larger range in Pulumi.dev.yaml",
    ]);
  });
});

describe("copyProblem", () => {
  it("asks for two copies, and says what for", () => {
    expect(copyProblem("/d", 2048, 1024)).toBeUndefined();
    expect(copyProblem("/d", 0, 0)).toBeUndefined();
    expect(copyProblem("/d", 2047, 1024)).toContain(
      "not enough disk in /d for the copies of an upgrade",
    );
  });
});
