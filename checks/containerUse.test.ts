import { expect, test } from "vitest";
import { useOf } from "./containerUse";

/** `total` and `system` in nanoseconds of CPU time. */
const cpu = (total: number, system?: number) => ({
  cpu_usage: { total_usage: total },
  ...(system === undefined ? {} : { system_cpu_usage: system }),
  online_cpus: 2,
});

test("half of one of two CPUs, and memory without the page cache", () => {
  const stats = { total_inactive_file: 40, inactive_file: 10 };
  expect(
    useOf({
      cpu_stats: cpu(1_500, 10_000),
      precpu_stats: cpu(1_000, 8_000),
      memory_stats: { usage: 100, stats },
    }),
  ).toEqual({ cpus: 0.5, memoryBytes: 60 });
});

test("control groups of version 2", () => {
  const memory = { usage: 100, stats: { inactive_file: 10 } };
  expect(useOf({ cpu_stats: cpu(0, 2), precpu_stats: cpu(0, 1), memory_stats: memory })).toEqual({
    cpus: 0,
    memoryBytes: 90,
  });
});

test("what the engine does not know of a container that has just started or ended is left out", () => {
  const samples = { cpu_stats: cpu(5, 10), precpu_stats: cpu(0) };
  expect(useOf({ ...samples, memory_stats: {} })).toEqual({});
});
