const IMAGE =
  "docker.Image is the official plugin's own addition to the upstream provider; RemoteImage with " +
  "`build` does its work on both plugins";

/** What @pulumi/docker has and the built plugin has not, each with the reason why that is fine. */
export const ALLOWED_DIFFERENCES: ReadonlyMap<string, string> = new Map([
  ["Image: only in the SDK", IMAGE],
  ["ImageArgs: only in the SDK", IMAGE],
  ["inputs.CacheFrom: only in the SDK", IMAGE],
  ["inputs.DockerBuild: only in the SDK", IMAGE],
  ["inputs.Registry: only in the SDK", IMAGE],
]);
