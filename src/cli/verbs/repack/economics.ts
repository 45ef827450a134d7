import { type MoveEconomics, usualEconomics } from '../../../plan/repack-curve';
import { wrongCommandLine } from '../../failure';

/** Of `0.1/move,0.02/GB`: what is not said costs nothing. @throws StowageError STW5002 */
export function economicsOf(moveCost: string | undefined, horizon: string | undefined): MoveEconomics {
  const horizonHours = horizon === undefined ? usualEconomics.horizonHours : hours(horizon);
  if (moveCost === undefined) return { ...usualEconomics, horizonHours };
  let microsPerMove = 0;
  let microsPerGigabyte = 0;
  for (const part of moveCost.split(',')) {
    const read = /^\s*\$?(\d{1,6}(?:\.\d{1,6})?)\s*\/\s*(move|gb)\s*$/i.exec(part);
    if (read === null)
      wrongCommandLine(
        `--move-cost "${moveCost}" is not a cost in dollars`,
        'Such as 0.1/move, 0.02/GB, or 0.1/move,0.02/GB.',
      );
    const micros = Math.round(Number(read[1]) * 1e6);
    if (read[2]?.toLowerCase() === 'move') microsPerMove = micros;
    else microsPerGigabyte = micros;
  }
  return { horizonHours, microsPerMove, microsPerGigabyte };
}

function hours(text: string): number {
  const read = /^(\d{1,6})\s*([hd])$/i.exec(text.trim());
  if (read === null || Number(read[1]) === 0)
    wrongCommandLine(`--horizon "${text}" is not a time`, 'Hours or days, such as 12h or 30d.');
  return Number(read[1]) * (read[2]?.toLowerCase() === 'd' ? 24 : 1);
}
