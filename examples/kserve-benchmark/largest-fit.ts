/** The largest n for which `fits` holds, given that it holds for 1 and ends to hold somewhere: galloping, then bisection. */
export function largestFit(guess: number, fits: (n: number) => boolean): number {
  let low = 0;
  let high = guess;
  let step = Math.max(1, Math.floor(guess / 64));
  if (fits(guess)) {
    low = guess;
    high = guess + step;
    while (fits(high)) {
      low = high;
      step *= 2;
      high += step;
    }
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}
