import { provider } from '@pulumi/pulumi';
import { connect } from './api-server';
import { StandInProvider } from './stand-in-provider';

const kubeconfig = process.env.KUBECONFIG;
if (kubeconfig === undefined || kubeconfig === '') {
  console.error('the stand-in Kubernetes provider needs KUBECONFIG');
  process.exit(1);
}
void provider.main(new StandInProvider(connect(kubeconfig)), process.argv.slice(2));
