import { explainModel } from '../../../plan/explain';
import { explanationMarkdown, explanationText } from '../../../report/explanation-report';
import { json, print } from '../../output';
import { planOf } from '../../planning';
import type { Session } from '../../session';
import type { ExplainOptions } from './command';

export function explain(model: string, given: string | undefined, options: ExplainOptions, session: Session): void {
  const { fleet, plan } = planOf(given, { ...options, frozen: false }, session);
  const explanation = explainModel(fleet, plan, model);
  session.progress.end();
  if (options.format === 'json') print(json(explanation));
  else if (options.format === 'markdown') print(explanationMarkdown(explanation));
  else print(explanationText(explanation, session.out));
}
