import { Environment } from "./components/environment";
import { loadConfig } from "./config/load";
import { imageSources } from "./operations/imageSources";
import { preflight } from "./operations/preflight";
import { secretFolder } from "./operations/secretLocation";

/** The program of every stack: check everything that can be checked, then one environment. */
async function main() {
  const { stack, environment: config, secrets } = loadConfig();
  await preflight({ stack, environment: config });
  const environment = new Environment("environment", {
    stack,
    config,
    secrets,
    secretFolder: secretFolder(stack),
    images: imageSources(process.cwd(), config.image),
  });
  const { internal, edge, egress } = environment.networks;
  return {
    url: environment.url,
    passwordCommand: `npx doom password ${stack} 1`,
    instances: environment.instances,
    imageDigests: environment.imageDigests,
    networks: {
      internal: { name: internal.dockerName, cidr: internal.cidr },
      edge: { name: edge.dockerName, cidr: edge.cidr },
      egress: { name: egress.dockerName, cidr: egress.cidr },
    },
    volumes: environment.volumes,
    passwords: environment.passwords,
  };
}

export = main;
