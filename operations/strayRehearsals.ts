import type Docker from "dockerode";
import { judgeLockText } from "./locks";
import { OWNER, removeStrayContainers } from "./toolsContainer";

/** Removes what killed rehearsals of the stack have left: containers, networks and clones of data. */
export async function removeStrayRehearsals(docker: Docker, stack: string): Promise<void> {
  // Those of a killed run hold its volumes until they have noticed.
  await removeStrayContainers(docker);
  const filters = { label: [`doom.stack=${stack}`, "doom.role=rehearsal"] };
  const isLeft = (labels: Readonly<Record<string, string>> | null | undefined) =>
    judgeLockText(labels?.[OWNER] ?? "").kind === "stale";
  for (const { Id, Labels } of await docker.listContainers({ all: true, filters }))
    if (isLeft(Labels)) await docker.getContainer(Id).remove({ force: true, v: true });
  for (const { Id, Labels } of await docker.listNetworks({ filters }))
    if (isLeft(Labels)) await docker.getNetwork(Id).remove();
  for (const { Name, Labels } of (await docker.listVolumes({ filters })).Volumes)
    if (isLeft(Labels)) await docker.getVolume(Name).remove();
}
