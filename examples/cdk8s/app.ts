import { App, Chart } from 'cdk8s';
import { Fleet } from 'stowage/cdk8s';
import { fleet } from './fleet';

export function newsroom(app: App): Chart {
  const chart = new Chart(app, 'newsroom', { namespace: 'newsroom' });
  new Fleet(chart, 'models', { fleet, lockfile: `${__dirname}/stowage.lock`, createNamespace: true });
  return chart;
}

if (require.main === module) {
  const app = new App();
  newsroom(app);
  app.synth();
}
