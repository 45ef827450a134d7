/** A graph: each query with its legend; FLEET stands for what selects the fleet's own series. */
export interface Panel {
  readonly title: string;
  readonly about: string;
  /** As Grafana names it. */
  readonly unit: string;
  readonly queries: readonly (readonly [legend: string, query: string])[];
}

export interface PanelRow {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export const rate = (metric: string, more = '') => `rate(${metric}{FLEET${more}}[$__rate_interval])`;
export const quantile = (q: number, metric: string, by = '', more = '') =>
  `histogram_quantile(${q}, sum by (le${by}) (${rate(`${metric}_bucket`, more)}))`;
/** Not meshd's own socket, nor Envoy's mirrors. */
export const groups = ',envoy_cluster_name=~".+/.+"';
export const clients = ',envoy_http_conn_manager_prefix=~"rest|grpc"';
export const group = 'envoy_cluster_name';
export const router = 'envoy_http_conn_manager_prefix';
/** Never more lines than that, however many shards and models there are. */
export const most = 20;
export const top = (query: string) => `topk(${most}, ${query})`;
/** Each router says the same. */
export const once = (by: string, metric: string) => `max by (${by}) (${metric}{FLEET})`;
