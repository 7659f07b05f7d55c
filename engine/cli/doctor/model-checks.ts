/** What runs models, devices of this machine and the server that TRITON_HTTP_URL names; and the models of the profile. */
import type { Workspace } from '../workspace.ts';
import type { Check } from './finding.ts';

/** What they need is loaded when they are made: it may be what is missing. */
export function modelChecks(
  workspace: Workspace,
  { jobs, profile }: { readonly jobs: number; readonly profile: string | undefined },
): readonly Check[] {
  const devices = (['cpu', 'cuda', 'webgpu'] as const).map(
    (device): Check => ({
      area: 'models',
      name: device,
      examine: async () => {
        const { examineDevice } = await import('./examine-device.ts');
        return [await examineDevice(device, { workspace, jobs })];
      },
    }),
  );
  const ofProfile: Check = {
    area: 'models',
    name: 'models',
    examine: async () => {
      const { examineModels } = await import('./examine-models.ts');
      return examineModels(workspace, profile);
    },
  };
  return [...devices, ...(process.env.TRITON_HTTP_URL ? [serverCheck] : []), ofProfile];
}

const serverCheck: Check = {
  area: 'models',
  name: 'triton',
  examine: async (signal) => {
    const { examineServer } = await import('./examine-device.ts');
    return [await examineServer(signal)];
  },
};
