import { clients, group, groups, most, type PanelRow, quantile, rate, router, top } from './dashboard-queries';

export const requestPanels: PanelRow = {
  title: 'Requests',
  panels: [
    {
      title: 'Answers to clients',
      about: 'By class of HTTP status; gRPC answers are 2xx whatever their gRPC status.',
      unit: 'reqps',
      queries: [
        [
          '{{envoy_http_conn_manager_prefix}} {{envoy_response_code_class}}xx',
          `sum by (${router}, envoy_response_code_class) (${rate('envoy_http_downstream_rq_xx', clients)})`,
        ],
      ],
    },
    {
      title: 'Time to answer',
      about: 'As clients see it, the wait for on-demand models included.',
      unit: 'ms',
      queries: [
        ['p50', quantile(0.5, 'envoy_http_downstream_rq_time', '', clients)],
        ['p99', quantile(0.99, 'envoy_http_downstream_rq_time', '', clients)],
      ],
    },
    {
      title: 'Unknown names',
      about: 'Requests for what is no model, or not of the tenant that asks.',
      unit: 'reqps',
      queries: [['no route', `sum(${rate('envoy_http_no_route', clients)})`]],
    },
    {
      title: 'Requests by group of pods',
      about: `The ${most} busiest. A group is a shard, or the pods of several that hold the same models.`,
      unit: 'reqps',
      queries: [
        ['{{envoy_cluster_name}}', top(`sum by (${group}) (${rate('envoy_cluster_upstream_rq_total', groups)})`)],
      ],
    },
    {
      title: 'Failures by group of pods',
      about: 'Answers of 5xx from model servers and agents.',
      unit: 'reqps',
      queries: [
        [
          '{{envoy_cluster_name}}',
          top(`sum by (${group}) (${rate('envoy_cluster_upstream_rq_xx', `${groups},envoy_response_code_class="5"`)})`),
        ],
      ],
    },
    {
      title: 'Time of model servers, p99',
      about: 'From Envoy to the pod and back: the slowest groups of pods.',
      unit: 'ms',
      queries: [
        ['{{envoy_cluster_name}}', top(quantile(0.99, 'envoy_cluster_upstream_rq_time', `, ${group}`, groups))],
      ],
    },
    {
      title: 'Under way',
      about: 'Requests that model servers have now.',
      unit: 'short',
      queries: [
        ['{{envoy_cluster_name}}', top(`sum by (${group}) (envoy_cluster_upstream_rq_active{FLEET${groups}})`)],
      ],
    },
    {
      title: 'Tried again, timed out, turned away',
      about: 'Over all groups of pods.',
      unit: 'reqps',
      queries: [
        ['tried again', `sum(${rate('envoy_cluster_upstream_rq_retry', groups)})`],
        ['timed out', `sum(${rate('envoy_cluster_upstream_rq_timeout', groups)})`],
        ['turned away', `sum(${rate('envoy_cluster_upstream_rq_pending_overflow', groups)})`],
      ],
    },
    {
      title: 'Pods put aside',
      about: 'Pods that cannot be reached, as Envoy sees it.',
      unit: 'short',
      queries: [
        [
          '{{envoy_cluster_name}}',
          top(`sum by (${group}) (envoy_cluster_outlier_detection_ejections_active{FLEET${groups}}) > 0`),
        ],
      ],
    },
  ],
};
