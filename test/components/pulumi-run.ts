import * as pulumi from '@pulumi/pulumi';
import { Fleet, type FleetArgs } from '../../components/pulumi/index';

export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

/** Constructs a Fleet against Pulumi's mocks and gives what it registered. */
export async function runPulumi(
  args: FleetArgs,
  options: { readonly preview?: boolean } = {},
): Promise<{ readonly fleet: Fleet; readonly resources: readonly Registered[] }> {
  const resources: Registered[] = [];
  await mockPulumi(resources, options.preview ?? true);
  const fleet = new Fleet('models', args);
  await settled(() => resources.length);
  return { fleet, resources };
}

/** What is registered from now on is pushed to `resources`. */
export async function mockPulumi(resources: Registered[], preview: boolean): Promise<void> {
  const mocks: pulumi.runtime.Mocks = {
    newResource: ({ type, name, inputs }) => {
      resources.push({ type, name, inputs: inputs as Record<string, unknown> });
      return { id: `${name}-id`, state: inputs as Record<string, unknown> };
    },
    call: ({ inputs }) => inputs as Record<string, unknown>,
  };
  await pulumi.runtime.setMocks(mocks, 'project', 'stack', preview);
}

export function known<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply((value) => resolve(value));
  });
}

/** Exported, though not declared. */
const { waitForRPCs } = pulumi.runtime as unknown as { readonly waitForRPCs: () => Promise<void> };

/** Registration goes on after the constructor has ended: until nothing is pending and the count stays. */
export async function settled(count: () => number): Promise<void> {
  for (let before = -1; before !== count(); ) {
    before = count();
    await waitForRPCs();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
