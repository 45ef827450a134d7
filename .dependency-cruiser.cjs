/** The layout's promise: declare -> pack -> plan -> render; skins and the CLI on top; nothing back. */
const only = (name, from, notTo, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: notTo },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: { path: '^(src|components)' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only(
      'core-is-plain',
      '^src',
      '(^components)|(node_modules/(@pulumi|cdk8s|constructs))',
      'the core knows neither Pulumi nor cdk8s',
    ),
    only(
      'declare-is-first',
      '^src/(declare|runtimes)',
      '^src/(pack|verify|plan|render|report|cli)',
      'declare depends on no later stage',
    ),
    only(
      'pack-before-plan',
      '^src/pack',
      '^src/(verify|plan|render|report|project|cli)',
      'pack depends on declare only',
    ),
    {
      name: 'verify-is-independent',
      comment: 'the checker shares no code with the packer',
      severity: 'error',
      from: { path: '^src/verify' },
      to: { path: '^src/(pack|plan|render|report|project|cli)', dependencyTypesNot: ['type-only'] },
    },
    only('plan-before-render', '^src/plan', '^src/(render|report|project|cli)', 'plan depends on declare and pack'),
    only('render-before-cli', '^src/render', '^src/(report|project|cli)', 'render depends on plan'),
    only('report-is-a-view', '^src/report', '^src/(cli|project|render)', 'reports show plans, nothing else'),
    only('project-is-the-edge', '^src/project', '^src/(render|report|cli)', 'files and lockfile around the core'),
    only('cli-is-a-leaf', '^(src/(?!cli)|components)', '^src/cli', 'nothing depends on the CLI'),
    only('mesh-is-apart', '^src/(?!mesh|agent|local|cli)', '^src/(mesh|agent|local)', 'run time is built on the core'),
    only('mesh-knows-no-agent', '^src/mesh', '^src/(agent|local)', 'they share src/protocol alone'),
    only('agent-knows-no-mesh', '^src/agent', '^src/(mesh|local)', 'they share src/protocol alone'),
    { name: 'resolvable', severity: 'error', from: { path: '^(src|components)' }, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: 'specify',
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'default', 'types'] },
  },
};
