"use strict";
// The formulas of theory.theorem1, theory.cost and theory.theorem2, for the explorer. No library, no network.
// A setting is {mu1, mu2, sigma, beta, p, nPos, nNeg}; lengths are measured from (mu1 + mu2) / 2.
const tailbound = (() => {
  const LOG_SQRT_2PI = 0.91893853320467274178;
  const SERIES_ENDS = 3; // beyond it the continued fraction is the more precise of the two
  const NEGLIGIBLE = 1e-20;
  const FACTORIALS = [1];
  for (let i = 1; i < 16; i++) FACTORIALS.push(FACTORIALS[i - 1] * i); // exact in floats

  // exp(-z^2 / 2): the square of a rounded z is exact, what is left is small.
  function gauss(z) {
    const near = Math.fround(z);
    return Math.exp((-near * near) / 2) * Math.exp((-(z - near) * (z + near)) / 2);
  }

  // P(Z > z) / density(z) for z >= SERIES_ENDS, by Laplace's continued fraction.
  function mills(z) {
    let rest = z;
    for (let i = Math.ceil(10 + 300 / (z * z)); i > 0; i--) rest = z + i / rest;
    return 1 / rest;
  }

  // P(Z > z) of a standard normal Z; the relative error stays small in the upper tail.
  function normalTail(z) {
    if (z < -SERIES_ENDS) return 1 - normalTail(-z);
    if (z > SERIES_ENDS) return gauss(z) * Math.exp(-LOG_SQRT_2PI) * mills(z);
    let term = z;
    let sum = z;
    for (let odd = 3; Math.abs(term) > NEGLIGIBLE * Math.abs(sum); odd += 2) {
      term *= (z * z) / odd;
      sum += term;
    }
    return 0.5 - gauss(z) * Math.exp(-LOG_SQRT_2PI) * sum;
  }

  function logNormalTail(z) {
    if (z > SERIES_ENDS) return (-z * z) / 2 - LOG_SQRT_2PI + Math.log(mills(z));
    return z < 0 ? Math.log1p(-normalTail(-z)) : Math.log(normalTail(z));
  }

  // log n! minus Stirling's formula.
  function stirlingError(n) {
    if (n < 16) return Math.log(FACTORIALS[n]) - (n + 0.5) * Math.log(n) + n - LOG_SQRT_2PI;
    const s = 1 / (n * n);
    return (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s / 1188)))) / n;
  }

  // x log(x / mean) + mean - x, by series where the terms cancel; away = x - mean.
  function deviance(x, mean, away) {
    if (Math.abs(away) >= 0.6 * mean) return x * Math.log(x / mean) - away;
    const v = away / (x + mean);
    let power = 2 * x * v;
    let sum = away * v;
    for (let odd = 3; ; odd += 2) {
      power *= v * v;
      const next = sum + power / odd;
      if (next === sum) return sum;
      sum = next;
    }
  }

  // log P(K = k) of a binomial K, by the saddle point (C. Loader, 2000).
  function logMass(k, law) {
    const { n, similar, pure, mean } = law;
    if (k === 0) return n * Math.log1p(-similar);
    if (k === n) return n * Math.log1p(-pure);
    const away = k - mean;
    return (
      stirlingError(n) - stirlingError(k) - stirlingError(n - k)
      - deviance(k, mean, away) - deviance(n - k, n * pure, -away)
      - LOG_SQRT_2PI - Math.log(k * ((n - k) / n)) / 2
    );
  }

  // The law of the estimated boundary: normal given the number k of similar samples, which is binomial.
  function law(s, extraVariance = 0) {
    const quarter = (s.sigma * s.sigma) / 4;
    return {
      n: s.nPos,
      similar: 1 - s.p,
      pure: s.p,
      mean: s.nPos * (1 - s.p),
      step: ((1 - s.beta) * (s.mu2 - s.mu1)) / (2 * s.nPos),
      variance: quarter * (1 / s.nPos + 1 / s.nNeg) + extraVariance,
      varianceStep: (-quarter * 2 * s.beta * (1 - s.beta)) / s.nPos / s.nPos,
    };
  }

  // Sum over k of P(K = k) exp(logPart(z, sd)), z = (offset - step (k - E K)) / sd: terms around the largest one.
  function mixture(l, offset, step, logPart) {
    const logTerm = (k) => {
      const sd = Math.sqrt(l.variance + k * l.varianceStep);
      return logMass(k, l) + logPart((offset - step * (k - l.mean)) / sd, sd);
    };
    if (l.pure === 0 || l.similar === 0) {
      const sd = Math.sqrt(l.variance + l.mean * l.varianceStep);
      return Math.exp(logPart(offset / sd, sd));
    }
    let low = 0;
    let high = l.n;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (logTerm(middle + 1) > logTerm(middle)) low = middle + 1;
      else high = middle;
    }
    // Terms are smooth in k: a sum over every m-th of them, m times, is as good while m is well below their width.
    const spread = Math.sqrt((low * (l.n - low)) / l.n);
    const width = Math.sqrt(l.variance + l.n * l.varianceStep) / Math.abs(step);
    const stride = Math.max(1, Math.floor(Math.min(spread, width) / 4));
    const largest = logTerm(low);
    let sum = 1;
    for (const sign of [-1, 1]) {
      for (let k = low + sign * stride; k >= 0 && k <= l.n; k += sign * stride) {
        const term = Math.exp(logTerm(k) - largest);
        sum += term;
        if (term < NEGLIGIBLE) break;
      }
    }
    return stride * sum * Math.exp(largest);
  }

  // P(f - E f > offset) and P(f - E f < offset).
  const upperTail = (l, offset) => mixture(l, offset, l.step, logNormalTail);
  const lowerTail = (l, offset) => mixture(l, -offset, -l.step, logNormalTail);

  const shift = (s) => ((1 - s.beta) * (1 - s.p) * (s.mu2 - s.mu1)) / 2;
  const printedShift = (s) => ((1 - s.beta) * (2 - s.p) * (s.mu2 - s.mu1)) / 2;

  // P(|f - (mu1 + mu2) / 2 - center| > alpha).
  function failure(s, alpha, center = shift(s)) {
    const l = law(s);
    const off = center - shift(s);
    return Math.min(1, upperTail(l, off + alpha) + lowerTail(l, off - alpha));
  }

  // The failure probability as printed in Theorem 1; 1 or more says nothing.
  function bound(s, alpha) {
    const reach = (1 - s.beta) * (s.mu2 - s.mu1);
    const noise = (((alpha * alpha) / (s.sigma * s.sigma)) * s.nPos * s.nNeg) / (s.nPos + s.nNeg);
    return 2 * Math.exp(-noise) + 2 * Math.exp((-4 * s.nPos * alpha * alpha) / (reach * reach));
  }

  // The density of the estimated boundary at x, x measured from (mu1 + mu2) / 2.
  function density(s, x) {
    const l = law(s);
    return mixture(l, x - shift(s), l.step, (z, sd) => (-z * z) / 2 - LOG_SQRT_2PI - Math.log(sd));
  }

  function spreadOfBoundary(s) {
    const l = law(s);
    return Math.sqrt(l.variance + l.mean * l.varianceStep + l.n * l.similar * l.pure * l.step * l.step);
  }

  // Expected recalls of both classes under the estimated boundary, and under the ideal one.
  function expectedRecall(s) {
    const half = (s.mu2 - s.mu1) / 2;
    const l = law(s, s.sigma * s.sigma);
    return {
      positive: Math.min(1, upperTail(l, -half - shift(s))),
      negative: Math.min(1, lowerTail(l, half - shift(s))),
      ideal: normalTail(-half / s.sigma),
    };
  }

  // Theorem 2: recalls of the Bayes classifier for the separation M and the prior ratio r = p+/p-.
  function recalls(separation, ratio) {
    const moved = Math.log(ratio) / separation;
    return { majority: normalTail(-separation / 2 - moved), minority: normalTail(-separation / 2 + moved) };
  }

  // The separation at which the minority has this recall, 0 < recall < 1: M/2 - ln(r)/M = z, solved for M > 0.
  function separationFor(recall, ratio) {
    let [low, high] = [-40, 40];
    while (high - low > 1e-13) {
      const middle = (low + high) / 2;
      if (normalTail(-middle) < recall) low = middle;
      else high = middle;
    }
    return low + Math.sqrt(low * low + 2 * Math.log(ratio));
  }

  return {
    bound, density, expectedRecall, failure, logNormalTail, normalTail, printedShift, recalls, separationFor, shift,
    spreadOfBoundary,
  };
})();
