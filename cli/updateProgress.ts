import type { EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation";
import { addMessage, cleanDiagnostic } from "./diagnostics";

/** What an update has done so far, built from the engine's events; prints nothing itself. */

/** A step on a real thing (a container, a file), as it is shown. */
export interface Step {
  readonly urn: string;
  /** create, update, delete or replace. */
  readonly operation: Operation;
  /** `Container`, `Network`, … */
  readonly type: string;
  /** The name on the Docker host where there is one, else the name in the program. */
  readonly name: string;
  /** The properties that make an update or a replacement necessary. */
  readonly because: readonly string[];
}

export type Operation = "create" | "update" | "delete" | "replace";

/**
 * The engine's words for what happens to a thing. A replacement comes as three steps, `replace`,
 * `delete-replaced` and `create-replacement`, in either order; the last one stands for it.
 */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  create: "create",
  import: "create",
  update: "update",
  delete: "delete",
  "create-replacement": "replace",
  "import-replacement": "replace",
};

const DONE_WORDS: Readonly<Record<Operation, string>> = {
  create: "created",
  update: "updated",
  delete: "deleted",
  replace: "replaced",
};

export class UpdateProgress {
  /** Steps in the order in which they began, by URN. */
  private readonly steps = new Map<string, Step>();
  private readonly began = new Map<string, number>();
  private readonly finished = new Set<string>();
  private errorMessages: string[] = [];
  private warningMessages: string[] = [];
  private adviceMessages: string[] = [];
  private rootOutputs: Record<string, unknown> | undefined;

  /** `planned`: the steps of the preview before; `now`: the clock, in milliseconds. */
  constructor(
    private readonly planned: ReadonlySet<string> = new Set(),
    private readonly now: () => number = Date.now,
  ) {}

  /** Errors so far, each once, without stack traces. */
  get errors(): readonly string[] {
    return this.errorMessages;
  }

  get warnings(): readonly string[] {
    return this.warningMessages;
  }

  /** What policies that are not mandatory would have otherwise. */
  get advice(): readonly string[] {
    return this.adviceMessages;
  }

  /** Every step so far. */
  get allSteps(): readonly Step[] {
    return [...this.steps.values()];
  }

  /** The stack's outputs as the program gave them, secrets hidden; undefined before the end. */
  get outputs(): Readonly<Record<string, unknown>> | undefined {
    return this.rootOutputs;
  }

  /** How many things were created, updated, deleted and replaced. */
  get changes(): Partial<Record<Operation, number>> {
    const counts: Partial<Record<Operation, number>> = {};
    for (const { operation } of this.steps.values()) {
      counts[operation] = (counts[operation] ?? 0) + 1;
    }
    return counts;
  }

  /** Takes in an event; gives the line that is worth a line of its own, if any. */
  take(event: EngineEvent): string | undefined {
    if (event.resourcePreEvent) this.begin(event.resourcePreEvent.metadata);
    if (event.resOutputsEvent) return this.finish(event.resOutputsEvent.metadata);
    if (event.resOpFailedEvent) return this.fail(event.resOpFailedEvent.metadata);
    const { diagnosticEvent, policyEvent } = event;
    if (diagnosticEvent) this.report(diagnosticEvent.severity, diagnosticEvent.message);
    if (policyEvent) {
      const message = `policy ${policyEvent.policyName}: ${policyEvent.message}`;
      this.report(policyEvent.enforcementLevel === "mandatory" ? "error" : "advice", message);
    }
    return undefined;
  }

  /** `7/13 done, working on doom-dev-gateway (12 s)`: what the live line says. */
  status(): string {
    const open = [...this.began].filter(([urn]) => !this.finished.has(urn));
    const total = new Set([...this.planned, ...this.steps.keys()]).size;
    const oldest = open.reduce<[string, number] | undefined>(
      (first, entry) => (!first || entry[1] < first[1] ? entry : first),
      undefined,
    );
    const done = total === 0 ? "" : `${this.finished.size}/${total} done`;
    if (!oldest) return done;
    const name = this.steps.get(oldest[0])?.name ?? "";
    return `${done}, working on ${name} (${seconds(this.now() - oldest[1], 0)})`;
  }

  private report(severity: string, text: string): void {
    for (const message of cleanDiagnostic(text)) {
      if (severity === "error") this.errorMessages = addMessage(this.errorMessages, message);
      if (severity === "warning") this.warningMessages = addMessage(this.warningMessages, message);
      if (severity === "advice") this.adviceMessages = addMessage(this.adviceMessages, message);
    }
  }

  private begin(metadata: StepEventMetadata): void {
    const step = toStep(metadata);
    if (!step) return;
    this.steps.set(step.urn, step);
    if (!this.began.has(step.urn)) this.began.set(step.urn, this.now());
    this.finished.delete(step.urn);
  }

  private finish(metadata: StepEventMetadata): string | undefined {
    if (metadata.type === "pulumi:pulumi:Stack" && hasEntries(metadata.new?.outputs)) {
      this.rootOutputs = metadata.new?.outputs;
    }
    const step = toStep(metadata);
    if (!step || this.finished.has(step.urn)) return undefined;
    this.finished.add(step.urn);
    const took = seconds(this.now() - (this.began.get(step.urn) ?? this.now()), 1);
    const { operation } = this.steps.get(step.urn) ?? step;
    return `${DONE_WORDS[operation].padEnd(8)} ${step.type} ${step.name} (${took})`;
  }

  private fail(metadata: StepEventMetadata): string | undefined {
    const step = toStep(metadata);
    if (!step) return undefined;
    this.finished.delete(step.urn);
    this.began.delete(step.urn);
    return `FAILED   ${step.type} ${step.name}`;
  }
}

/** Only real things: components and providers are bookkeeping. */
function toStep(metadata: StepEventMetadata): Step | undefined {
  const operation = OPERATIONS[metadata.op];
  const state = metadata.new ?? metadata.old;
  if (!operation || !state?.custom || metadata.type.startsWith("pulumi:")) return undefined;
  const { name } = state.inputs ?? {};
  return {
    urn: metadata.urn,
    operation,
    type: metadata.type.slice(metadata.type.lastIndexOf(":") + 1),
    name:
      typeof name === "string" && name !== "[secret]"
        ? name
        : metadata.urn.slice(metadata.urn.lastIndexOf("::") + 2),
    because: metadata.diffs ?? [],
  };
}

function hasEntries(value: object | undefined | null): boolean {
  return !!value && Object.keys(value).length > 0;
}

function seconds(milliseconds: number, digits: number): string {
  return `${(milliseconds / 1000).toFixed(digits)} s`;
}
