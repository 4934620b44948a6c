"use strict";
// The closed forms of docs/theory.md §2, §3 and §8 in the eigenbasis of C, as src/ssl_dynamics/theory has them.
//
// A matrix is a list of its columns, a Float64Array each. `exponents` a_j are the logarithms by which the directions
// v_j have grown: −2λ_j t for the flow, n ln(1 − 2ηλ_j) after n steps of size η. Sizes are handed on as logarithms, and
// graph coordinates only ever shrink: nothing overflows, however late it is.
const closedForms = (() => {
  const SWEEPS = 60; // of Jacobi rotations, of which a handful are needed
  const DEAD = 60; // a direction e^{−60} times as large as another is not seen, and still has a place in a rotation
  const POLAR_STEPS = 40; // of Newton's iteration, which converges quadratically in the end

  const zeros = (rows, columns) => Array.from({ length: columns }, () => new Float64Array(rows));
  const transposed = (A) => Array.from({ length: A[0].length }, (_, i) => Float64Array.from(A, (column) => column[i]));
  const identity = (z) => zeros(z, z).map((column, k) => column.fill(1, k, k + 1));

  function dot(a, b) {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
    return sum;
  }

  // Without overflow or underflow of the squares.
  function length(a) {
    let largest = 0;
    for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]));
    if (largest === 0) return 0;
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += (a[i] / largest) ** 2;
    return largest * Math.sqrt(sum);
  }

  // AB.
  function product(A, B) {
    return B.map((right) => {
      const column = new Float64Array(A[0].length);
      right.forEach((factor, k) => { for (let i = 0; i < column.length; i++) column[i] += factor * A[k][i]; });
      return column;
    });
  }

  // R (z, z) of A = QR by Householder reflections; rows of zeros are added where A has fewer than columns.
  function triangle(A) {
    const z = A.length;
    const rows = Math.max(A[0].length, z);
    const left = A.map((column) => { const whole = new Float64Array(rows); whole.set(column); return whole; });
    for (let k = 0; k < z; k++) {
      const v = left[k].slice(k);
      const size = length(v);
      if (size === 0) continue;
      const diagonal = v[0] > 0 ? -size : size;
      v[0] -= diagonal;
      const norm = length(v);
      for (let i = 0; i < v.length; i++) v[i] /= norm;
      for (let l = k; l < z; l++) {
        const column = left[l].subarray(k);
        const factor = 2 * dot(v, column);
        for (let i = 0; i < v.length; i++) column[i] -= factor * v[i];
      }
      left[k][k] = diagonal;
    }
    return left.map((column, k) => { const top = column.slice(0, z); return top.fill(0, k + 1); });
  }

  // A⁻¹ by elimination with pivots.
  function inverse(A) {
    const z = A.length;
    const rows = transposed(A).map((row, i) => [...row, ...identity(z)[i]]);
    for (let k = 0; k < z; k++) {
      let pivot = k;
      for (let i = k + 1; i < z; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[pivot][k])) pivot = i;
      [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
      const scale = rows[k][k];
      for (let l = 0; l < 2 * z; l++) rows[k][l] /= scale;
      for (let i = 0; i < z; i++) {
        const factor = i === k ? 0 : rows[i][k];
        if (factor) for (let l = k; l < 2 * z; l++) rows[i][l] -= factor * rows[k][l];
      }
    }
    return transposed(rows.map((row) => row.slice(z)));
  }

  // The orthogonal matrix nearest to A.
  function polar(A) {
    let Q = A;
    for (let step = 0; step < POLAR_STEPS; step++) {
      const back = transposed(inverse(Q));
      const scale = Math.sqrt(Math.hypot(...back.map(length)) / Math.hypot(...Q.map(length)));
      const next = Q.map((column, k) => column.map((value, i) => (scale * value + back[k][i] / scale) / 2));
      const change = Math.hypot(...next.map((column, k) => length(column.map((value, i) => value - Q[k][i]))));
      Q = next;
      if (change < 1e-14 * A.length) break;
    }
    return Q;
  }

  // Logarithms of the singular values of M diag(e^{logs}), largest first: one-sided Jacobi on unit columns, whose sizes
  // stand aside as logarithms (theory/graded.py). A column of zeros counts as −∞.
  function logSingularValues(M, logs) {
    const unit = (column, log) => {
      const size = length(column);
      return { column: size > 0 ? column.map((value) => value / size) : column, log: size > 0 ? log + Math.log(size) : -Infinity };
    };
    const pieces = M.map((column, k) => unit(column, logs[k]));
    const z = pieces.length;
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      let largest = 0;
      for (let first = 0; first < z; first++) {
        for (let second = first + 1; second < z; second++) {
          const [i, j] = pieces[first].log >= pieces[second].log ? [first, second] : [second, first];
          const { column: big, log: high } = pieces[i];
          const { column: small, log: low } = pieces[j];
          if (low === -Infinity) continue;
          const g = dot(big, small);
          largest = Math.max(largest, Math.abs(g));
          const square = Math.exp(2 * (low - high));
          const delta = Math.expm1(2 * (low - high));
          const denominator = Math.abs(delta) + Math.sqrt(delta ** 2 + 4 * square * g ** 2);
          const tau = denominator ? (-2 * g) / denominator : -1;
          const cosine = 1 / Math.sqrt(1 + square * tau ** 2);
          pieces[i] = unit(big.map((value, k) => cosine * (value - square * tau * small[k])), high);
          pieces[j] = unit(small.map((value, k) => cosine * (value + tau * big[k])), low);
        }
      }
      if (largest <= 1e-15 * z) break;
    }
    return pieces.map(({ log }) => log).sort((a, b) => b - a);
  }

  // What the closed forms need of a spectrum (d,), ascending, and a start X = VᵀW(0), z columns: graph coordinates
  // G = X_2X_1⁻¹ over the z leading eigenvectors, and X_1 = LPᵀ with PᵀP = I.
  function prepare(eigenvalues, X) {
    const z = X.length;
    const d = eigenvalues.length;
    const first = X.map((column) => column.slice(0, z));
    const inverted = inverse(first);
    const G = product(X.map((column) => column.slice(z)), inverted);
    const sizes = G.map((column) => column.map((value) => Math.log(Math.abs(value))));
    return { d, z, eigenvalues, X, G, sizes, inverted, lower: transposed(triangle(transposed(first))) };
  }

  function exponents({ eigenvalues }, time, rate = 0) {
    const steps = Math.round(time / rate);
    return rate > 0
      ? eigenvalues.map((eigenvalue) => steps * Math.log1p(-2 * rate * eigenvalue))
      : eigenvalues.map((eigenvalue) => -2 * eigenvalue * time);
  }

  // [I; H] with H_jk = e^{a_j − a_k}G_jk, rows j > z ≥ k.
  function graph({ d, z, G }, a) {
    return G.map((column, k) => {
      const whole = new Float64Array(d);
      whole[k] = 1;
      for (let j = z; j < d; j++) whole[j] = Math.exp(a[j] - a[k]) * column[j - z];
      return whole;
    });
  }

  // diag(e^{logs}) L diag(e^{−logs}) of a lower triangle: no exponent is positive where the logs fall.
  const graded = (L, logs) => L.map((column, k) => column.map((value, i) => (value ? value * Math.exp(logs[i] - logs[k]) : 0)));

  // ln σ_k of W = V e^{D}X, without a constraint: with [I; H] = QR the singular values of R e^{D_1}X_1.
  function unconstrained(problem, a) {
    const R = triangle(graph(problem, a));
    return logSingularValues(product(R, graded(problem.lower, a)), a);
  }

  // ln tan θ_max(t) = ln ‖H‖_2, of the largest angle between the span, with or without the constraint, and its limit.
  function logTangent({ z, G, sizes }, a) {
    let shift = -Infinity;
    sizes.forEach((column, k) => { for (let j = 0; j < column.length; j++) shift = Math.max(shift, a[j + z] - a[k] + column[j]); });
    if (shift === -Infinity) return shift;
    const H = G.map((column, k) => column.map((value, j) => value && value * Math.exp(a[j + z] - a[k] - shift)));
    return shift + logSingularValues(triangle(H), new Array(z).fill(0))[0];
  }

  // The factors of F = V e^{2a⁻t}[I; H]R⁻¹, WWᵀ = FFᵀ, with the penalty β: columns of [I; H] are scaled by e^{−2a_k⁻t},
  // those of R by e^{−sizes}.
  function penalised({ d, z, eigenvalues, G, inverted }, beta, time) {
    const powers = eigenvalues.map((eigenvalue) => 2 * (beta - eigenvalue) * time);
    const growing = powers.map((power) => Math.max(power, 0));
    const falling = powers.map((power) => Math.min(power, 0));
    const saturation = powers.map((power) => {
      const twice = 2 * Math.abs(power);
      return Math.sqrt(beta * 4 * time * (twice > 0 ? -Math.expm1(-twice) / twice : 1));
    });
    const rows = Array.from({ length: z }, () => new Float64Array(2 * z + d - z));
    const numerator = zeros(d, z);
    for (let k = 0; k < z; k++) {
      numerator[k][k] = 1;
      for (let i = 0; i < z; i++) rows[k][i] = inverted[k][i] * Math.exp(-growing[k]);
      rows[k][z + k] = saturation[k];
      for (let j = z; j < d; j++) {
        const H = Math.exp(growing[j] - growing[k]) * G[k][j - z];
        rows[k][z + j] = saturation[j] * H;
        numerator[k][j] = Math.exp(falling[j] - falling[k]) * H;
      }
    }
    const sizes = rows.map(length);
    const R = triangle(rows.map((row, k) => row.map((value) => value / sizes[k])));
    return { numerator, R, growing, falling, logs: sizes.map((size, k) => falling[k] - Math.log(size)) };
  }

  // ln σ_k of W with the penalty: R⁻¹ = LQᵀ leaves those of R_E (e^{logs}Le^{−logs})e^{logs}.
  function softConstraint(problem, beta, time) {
    const { numerator, R, logs } = penalised(problem, beta, time);
    const L = transposed(triangle(transposed(inverse(R))));
    return logSingularValues(product(triangle(numerator), graded(L, logs)), logs);
  }

  // Ln(effective rank − 1), accurate however near to 1 the rank is; of logarithms, largest first (analysis/rank.py).
  function logExcessRank(logs) {
    const ratios = logs.slice(1).map((log) => log - logs[0]);
    const total = ratios.reduce((sum, log) => sum + Math.exp(log), 0);
    const spread = ratios.reduce((sum, log) => sum - (log > -Infinity ? log * Math.exp(log) : 0), 0);
    if (total > 1e-300) return Math.log(Math.expm1(Math.log1p(total) + spread / (1 + total)));
    // Too small for numbers: ln Σ r(1 − ln r) by the largest term.
    const terms = ratios.filter((log) => log > -Infinity).map((log) => log + Math.log1p(-log));
    const most = Math.max(...terms);
    return terms.length ? most + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - most), 0)) : -Infinity;
  }

  // Representations of items (N, z). An item has its coordinates along the first `modes` eigenvectors, and `rest` (N, z),
  // what W(0) makes of the others; their exponents are taken to be that of their mean eigenvalue, the last of `spectrum`.
  // The basis is the one nearest to W(0): losses see W up to a rotation.
  function represent({ coordinates, rest }, weights) {
    const [head, tail] = [product(coordinates, weights.head), product(rest, weights.tail)];
    return head.map((column, k) => column.map((value, i) => value + tail[k][i]));
  }

  // e^{−a_1}W: only the shape can be shown when W has grown beyond all numbers.
  function unconstrainedWeights(problem, a, modes, meanExponent) {
    const head = problem.X.map((column) => column.slice(0, modes).map((value, j) => value * Math.exp(a[j] - a[0])));
    return { head, tail: identity(problem.z).map((column) => column.map((value) => value * Math.exp(meanExponent - a[0]))) };
  }

  function constrainedWeights(problem, a, modes, meanExponent) {
    const whole = graph(problem, a);
    const tail = problem.inverted.map((column, k) => column.map((value) => value * Math.exp(meanExponent - a[k])));
    return turned(problem, whole, inverse(triangle(whole)), modes, tail);
  }

  function softWeights(problem, beta, time, modes, meanEigenvalue) {
    const { numerator, R, growing, falling, logs } = penalised(problem, beta, time);
    const mean = 2 * (beta - meanEigenvalue) * time;
    const least = Math.max(...logs) - DEAD;
    const scaled = inverse(R).map((column) => column.map((value, k) => value * Math.exp(Math.max(logs[k], least))));
    const tail = problem.inverted.map((column, k) => {
      const size = Math.exp(Math.min(mean, 0) - falling[k] + Math.max(mean, 0) - growing[k]);
      return column.map((value) => value * size);
    });
    return turned(problem, numerator, scaled, modes, tail);
  }

  // Columns times a factor (z, z), turned to be as near to W(0) as can be.
  function turned({ X }, columns, factor, modes, tail) {
    const overlap = product(transposed(factor), X.map((start) => Float64Array.from(columns, (column) => dot(column, start))));
    const map = product(factor, polar(overlap));
    return { head: product(columns.map((column) => column.slice(0, modes)), map), tail: product(tail, map) };
  }

  return {
    prepare, exponents, unconstrained, logTangent, softConstraint, logExcessRank,
    represent, unconstrainedWeights, constrainedWeights, softWeights,
  };
})();
