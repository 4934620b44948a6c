"use strict";
// The controls, the pictures and the words of the explorer; what they show is computed by closedForms.
// For scripts, `explorer.set({loss, z, time, eta, beta})` does what the controls do, `explorer.values()` says what the table
// shows, and `explorer.values({...})` and `explorer.points({...})` what they would show at other settings; time and η are
// in 1/‖C‖, β in ‖C‖.
const explorer = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const element = (id) => document.getElementById(id);
  const controls = { time: element("time"), dimension: element("dimension"), step: element("step"), penalty: element("penalty"), loss: element("loss") };
  const DYNAMICS = ["unconstrained", "soft", "constrained"];
  const KNEE = 0.3; // of the axis of time, in 1/‖C‖: linear before, logarithmic after
  const POINTS = 100; // of a curve
  const LEAST = { values: -16, angles: -8 }; // powers of ten at the lower ends of the axes
  const COLLAPSED = 1.01; // effective rank
  const DEGREES = 180 / Math.PI;

  // ---- the data of the page
  function bytes(text) {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
  }
  const columns = (values, rows, count) => Array.from({ length: count }, (_, k) => Float64Array.from({ length: rows }, (_unused, i) => values[i * count + k]));

  function quantised({ values, scales }) {
    const whole = new Int8Array(bytes(values));
    return scales.map((scale, k) => Float64Array.from({ length: whole.length / scales.length }, (_, i) => scale * whole[i * scales.length + k]));
  }

  const once = (compute) => {
    const kept = new Map();
    return (...key) => {
      const name = key.join(" ");
      if (!kept.has(name)) kept.set(name, compute(...key));
      return kept.get(name);
    };
  };

  const coordinates = once((loss) => quantised(data.losses[loss].items));
  const sourceOf = (loss, z) => Object.keys(data.losses[loss].starts).map(Number).sort((a, b) => a - b).find((own) => own >= z);

  // The problem of a loss and a dimension. A dimension without a start has the first columns of the next larger one's.
  const problem = once((loss, z) => {
    const start = data.losses[loss].starts[sourceOf(loss, z)];
    const eigenvalues = new Float64Array(bytes(start.eigenvalues));
    const X = columns(new Float64Array(bytes(start.rows)), eigenvalues.length, start.columns).slice(0, z);
    return { ...closedForms.prepare(eigenvalues, X), norm: data.losses[loss].norm, seen: { coordinates: coordinates(loss), rest: quantised(start.items).slice(0, z) } };
  });

  // ---- the settings
  const horizon = () => data.losses[controls.loss.value].horizon;
  const timeAt = (share) => KNEE * Math.expm1(share * Math.log1p(horizon() / KNEE));
  const shareAt = (time) => Math.log1p(time / KNEE) / Math.log1p(horizon() / KNEE);
  const given = {}; // by a script, between the positions of the sliders

  // Times in 1/‖C‖ are whole numbers of steps where there are steps.
  function settings() {
    const loss = controls.loss.value;
    const eta = given.eta ?? data.losses[loss].steps[Number(controls.step.value)];
    const beta = given.beta ?? data.losses[loss].penalties[Number(controls.penalty.value)];
    const time = given.time ?? timeAt(Number(controls.time.value) / Number(controls.time.max));
    return settled({ loss, z: Number(controls.dimension.value), eta, beta, time });
  }

  function settled({ time: asked, ...rest }) {
    const steps = rest.eta > 0 ? Math.round(asked / rest.eta) : 0;
    return { ...rest, asked, steps, time: rest.eta > 0 ? steps * rest.eta : asked };
  }

  // ---- the solutions; times and settings in units of ‖C‖
  const exponents = (of, time, eta) => closedForms.exponents(of, time / of.norm, eta / of.norm);

  function withoutPenalty({ loss, z, eta }, time) {
    const of = problem(loss, z);
    const a = exponents(of, time, eta);
    return { logs: closedForms.unconstrained(of, a), tangent: closedForms.logTangent(of, a) };
  }

  function withPenalty({ loss, z, beta }, time) {
    const of = problem(loss, z);
    const logs = closedForms.softConstraint(of, beta * of.norm, time / of.norm);
    return { logs, tangent: closedForms.logTangent(of, exponents(of, time, 0)) };
  }

  const excess = (logs) => (logs.length > 1 ? closedForms.logExcessRank(logs) : -Infinity);
  const rank = (logs) => 1 + Math.exp(excess(logs));

  // What the page shows at these settings.
  function values(at) {
    const free = withoutPenalty(at, at.time);
    const soft = withPenalty(at, at.asked);
    const held = { logs: new Array(at.z).fill(0), tangent: free.tangent };
    const described = ({ logs, tangent }) => ({
      logSingularValues: logs, logExcessRank: excess(logs), effectiveRank: rank(logs), logTangent: tangent, angle: Math.atan(Math.exp(tangent)),
    });
    return { ...at, unconstrained: described(free), soft: described(soft), constrained: described(held) };
  }

  function points(at) {
    const of = problem(at.loss, at.z);
    const { modes, mean } = { modes: of.seen.coordinates.length, mean: data.losses[at.loss].items.mean };
    const a = exponents(of, at.time, at.eta);
    const [meanExponent] = closedForms.exponents({ eigenvalues: [mean] }, at.time / of.norm, at.eta / of.norm);
    const weights = {
      unconstrained: closedForms.unconstrainedWeights(of, a, modes, meanExponent),
      soft: closedForms.softWeights(of, at.beta * of.norm, at.asked / of.norm, modes, mean),
      constrained: closedForms.constrainedWeights(of, a, modes, meanExponent),
    };
    return Object.fromEntries(DYNAMICS.map((name) => [name, closedForms.represent(of.seen, weights[name])]));
  }

  // ---- pictures
  function draw(parent, tag, attributes, text) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    parent.append(made);
    return made;
  }

  const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const power = (exponent) => `10${exponent < 0 ? "⁻" : ""}${[...String(Math.abs(exponent))].map((digit) => RAISED[digit]).join("")}`;
  const minus = (text) => text.replace("-", "−");

  // A number from its logarithm, three digits, however large or small.
  function written(log) {
    if (log === -Infinity) return "0";
    const decimal = log / Math.LN10;
    if (decimal > -3 && decimal < 4) return minus(String(Number(Math.exp(log).toPrecision(3))));
    const exponent = Math.floor(decimal + 1e-12);
    return `${Number((10 ** (decimal - exponent)).toPrecision(2))} × ${power(exponent)}`;
  }
  const degrees = (tangent) => `${written(tangent < -15 ? tangent + Math.log(DEGREES) : Math.log(Math.atan(Math.exp(tangent)) * DEGREES))}°`;

  const FRAME = { left: 44, right: 352, top: 8, bottom: 208 };
  const across = (time) => FRAME.left + shareAt(time) * (FRAME.right - FRAME.left);

  // One chart: its axis (low, high, ticks), `height` of what is drawn, in the units of the axis.
  function chart(id, axis, curves, dots, now, unit) {
    const svg = element(id);
    svg.replaceChildren();
    const up = (value) => FRAME.bottom - ((Math.min(Math.max(value, axis.low), axis.high) - axis.low) / (axis.high - axis.low)) * (FRAME.bottom - FRAME.top);
    for (const [value, label] of axis.ticks) {
      draw(svg, "path", { class: "grid", d: `M${FRAME.left} ${up(value).toFixed(1)}H${FRAME.right}` });
      draw(svg, "text", { x: FRAME.left - 5, y: (up(value) + 4).toFixed(1), "text-anchor": "end" }, label);
    }
    for (const time of [0, 1, 10, 100, 1e3, 1e4, 1e5, 1e6].filter((tick) => tick <= horizon())) {
      draw(svg, "path", { class: "grid", d: `M${across(time).toFixed(1)} ${FRAME.bottom}v4` });
      draw(svg, "text", { x: across(time).toFixed(1), y: FRAME.bottom + 16, "text-anchor": "middle" }, time < 1e4 ? String(time) : power(Math.log10(time)));
    }
    draw(svg, "text", { x: (FRAME.left + FRAME.right) / 2, y: 237, "text-anchor": "middle" }, "t in 1/‖C‖");
    if (unit) draw(svg, "text", { x: FRAME.left + 4, y: FRAME.top + 11 }, unit);
    for (const { name, times, heights } of curves) {
      const inside = heights.map((value, i) => [times[i], value]).filter(([, value]) => value >= axis.low);
      const path = inside.map(([time, value], i) => `${i ? "L" : "M"}${across(time).toFixed(1)} ${up(value).toFixed(1)}`).join("");
      draw(svg, "path", { class: `curve ${name}`, d: path || "M0 0" });
    }
    for (const { name, time, value } of dots) {
      if (value >= axis.low && value <= axis.high && time <= horizon()) draw(svg, "circle", { class: `dot ${name}`, cx: across(time).toFixed(1), cy: up(value).toFixed(1), r: 2.6 });
    }
    draw(svg, "path", { class: "now", d: `M${across(now).toFixed(1)} ${FRAME.top}V${FRAME.bottom}` });
  }

  const grid = (eta) => {
    const times = Array.from({ length: POINTS }, (_, i) => timeAt(i / (POINTS - 1)));
    return eta > 0 ? [...new Set(times.map((time) => Math.round(time / eta)))].map((steps) => steps * eta) : times;
  };
  const freeCurve = once((loss, z, eta) => grid(eta).map((time) => ({ time, ...withoutPenalty({ loss, z, eta }, time) })));
  const softCurve = once((loss, z, beta) => grid(0).map((time) => ({ time, ...withPenalty({ loss, z, beta }, time) })));

  // The trained weights of the settings: at their step size, or, for the flow, at the finest and what went on from there.
  const close = (a, b) => Math.abs(a - b) <= 1e-9 * Math.abs(b);
  const trained = ({ loss, z, eta, beta }) => data.losses[loss].trained.filter((set) => set.z === z && (
    set.dynamics === "soft" ? close(set.beta, beta) : eta > 0 ? close(set.eta, eta) && !set.late : set.flow));

  function charts(at) {
    const free = freeCurve(at.loss, at.z, at.eta);
    const soft = softCurve(at.loss, at.z, at.beta);
    const held = [{ time: 0 }, { time: horizon() }].map(({ time }) => ({ time, logs: new Array(at.z).fill(0) }));
    const of = { unconstrained: free, soft, constrained: held };
    const sets = trained(at);
    const line = (name, curve, height) => ({ name, times: curve.map(({ time }) => time), heights: curve.map(height) });
    const dots = (height) => sets.flatMap((set) => set.times.map((time, i) => ({ name: set.dynamics, time, value: height(set, i) })).filter(({ value }) => value !== null && !Number.isNaN(value)));

    const decades = (low, high, step) => Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, i) => high - i * step).map((exponent) => [exponent, exponent ? power(exponent) : "1"]);
    const ratio = (logs, k) => (logs[k] - logs[0]) / Math.LN10;
    const others = Array.from({ length: at.z - 1 }, (_, k) => k + 1);
    chart("values", { low: LEAST.values, high: 0.5, ticks: decades(LEAST.values, 0, 4) },
      DYNAMICS.flatMap((name) => others.map((k) => line(name, of[name], ({ logs }) => ratio(logs, k)))),
      others.flatMap((k) => dots((set, i) => set.ratios[i][k - 1] === null ? null : set.ratios[i][k - 1] / Math.LN10)), at.time,
      at.z > 1 ? "" : "with z = 1 there is no second one");
    chart("ranks", { low: 0.95, high: Math.max(at.z, 2) + 0.05 * at.z, ticks: Array.from({ length: Math.max(at.z, 2) }, (_, k) => [k + 1, String(k + 1)]) },
      DYNAMICS.map((name) => line(name, of[name], ({ logs }) => rank(logs))), dots((set, i) => rank([0, ...set.ratios[i].map((value) => value ?? -Infinity)])), at.time, "");
    const tenth = (tangent) => Math.log10(Math.max(Math.atan(Math.exp(tangent)) * DEGREES, 1e-300));
    chart("angles", { low: LEAST.angles, high: 2.1, ticks: [[Math.log10(90), "90°"], [0, "1°"], ...decades(LEAST.angles, -2, 2).map(([value, label]) => [value, `${label}°`])] },
      [line("unconstrained", free, ({ tangent }) => tenth(tangent)), line("soft", soft, ({ tangent }) => tenth(tangent)), line("constrained", free, ({ tangent }) => tenth(tangent))],
      dots((set, i) => set.tangents[i] === null ? null : tenth(set.tangents[i])), at.time, "");
    const dotted = DYNAMICS.filter((name) => document.querySelector(`.charts .dot.${name}`));
    element("dots").hidden = dotted.length === 0;
    element("dots-of").textContent = `trained weights (${dotted.map((name) => WORDS[name]).join(", ")}), in the colour of their curve`;
    element("trained").textContent = sets.length
      ? `Trained weights shown: ${sets.map((set) => `${WORDS[set.dynamics]}, η = ${minus(String(Number(set.eta.toPrecision(3))))}/‖C‖${set.late ? " (later times)" : ""}`).join("; ")}.`
      : "The run trained none of these settings: no dots.";
  }

  const WORDS = { unconstrained: "no constraint", soft: "penalty", constrained: "constraint" };
  const DOTS = Object.fromEntries(DYNAMICS.map((name) => {
    const svg = element(`${name}-points`);
    draw(svg, "line", { x1: -110, y1: 0, x2: 110, y2: 0 });
    draw(svg, "line", { x1: 0, y1: -110, x2: 0, y2: 110 });
    return [name, data.classes.map(() => draw(svg, "circle", { r: 2.6 }))];
  }));

  function scatter(at) {
    const chosen = element("class")?.value;
    for (const [name, U] of Object.entries(points(at))) {
      const size = Math.max(...U.slice(0, 2).map((column) => Math.sqrt(column.reduce((sum, value) => sum + value ** 2, 0) / column.length)));
      const scale = 30 / size; // so that three root mean squares are seen, upwards
      DOTS[name].forEach((circle, i) => {
        // One coordinate is spread by class, or, without classes, by the number of the item.
        const high = at.z > 1 ? scale * U[1][i] : 16 * ((data.classes[i] ?? i) % 10) - 75 + (i % 7);
        circle.setAttribute("cx", (scale * U[0][i]).toFixed(2));
        circle.setAttribute("cy", (-high).toFixed(2));
        circle.setAttribute("class", chosen && String(data.classes[i]) === chosen ? "chosen" : "");
      });
    }
  }

  // ---- words
  const rounded = (value) => minus(value.toFixed(2));
  function say(now) {
    const { unconstrained: free, soft, constrained: held } = now;
    const moment = now.eta > 0 ? `After ${now.steps} steps of η = ${now.eta}/‖C‖` : `At t = ${written(Math.log(now.time))}/‖C‖`;
    const lead = free.effectiveRank < COLLAPSED
      ? `${moment} W has collapsed without a constraint: its effective rank is ${rounded(free.effectiveRank)} of ${now.z}`
      : `${moment} the effective rank of W is ${rounded(free.effectiveRank)} of ${now.z} without a constraint`;
    return now.z === 1
      ? `${moment} the one direction of W is ${degrees(free.logTangent)} from its limit; one dimension cannot collapse.`
      : `${lead}, ${rounded(soft.effectiveRank)} with the penalty and ${now.z} with the constraint; the span is ${degrees(held.logTangent)} from its limit.`;
  }

  function table(now) {
    for (const name of DYNAMICS) {
      const { logSingularValues: logs, effectiveRank, logTangent } = now[name];
      const cells = [written(logs[0]), written(logs.at(-1)), written(logs.at(-1) - logs[0]), effectiveRank.toFixed(4), degrees(logTangent)];
      [...element(`${name}-numbers`).cells].slice(1).forEach((cell, k) => { cell.textContent = cells[k]; });
      element(`${name}-rank`).textContent = `effective rank ${rounded(effectiveRank)} of ${now.z}`;
      element(`${name}-seen`).textContent = now.z === 1 ? "one coordinate; height is the class" : effectiveRank < COLLAPSED ? "points on one line" : `coordinates 1 and 2 of ${now.z}`;
    }
  }

  function label(now) {
    const set = (id, text) => { element(`${id}-value`).textContent = text; controls[id].setAttribute("aria-valuetext", text); };
    set("time", `${written(Math.log(now.time))}/‖C‖${now.eta > 0 ? ` = ${now.steps} steps` : ""}`);
    set("dimension", `${now.z}${sourceOf(now.loss, now.z) === now.z ? "" : ", not trained"}`);
    set("step", now.eta > 0 ? `${now.eta}/‖C‖` : "0, the flow");
    set("penalty", `${written(Math.log(now.beta))} ‖C‖`);
  }

  // ---- all of it, at most once a frame; what is spoken waits until the settings rest
  let waiting = 0;
  let speaking = 0;
  function show() {
    waiting = 0;
    const now = values(settings());
    label(now);
    scatter(now);
    charts(now);
    table(now);
    clearTimeout(speaking);
    const speak = () => { element("summary").textContent = say(now); };
    if (!element("summary").textContent) speak();
    else speaking = setTimeout(speak, playing ? 1500 : 300);
  }
  const request = () => { waiting ||= requestAnimationFrame(show); };

  // ---- Play moves the slider from where it is, or from the start, to the end
  let playing = 0;
  function play() {
    const slider = controls.time;
    if (playing) return stop();
    const from = slider.valueAsNumber < Number(slider.max) ? slider.valueAsNumber : 0;
    const began = performance.now();
    const turn = (instant) => {
      slider.value = from + Math.max(0, instant - began) / 30;
      show();
      if (slider.valueAsNumber < Number(slider.max)) playing = requestAnimationFrame(turn);
      else stop();
    };
    playing = requestAnimationFrame(turn);
    element("play").textContent = "Pause";
  }
  function stop() {
    cancelAnimationFrame(playing);
    playing = 0;
    element("play").textContent = "Play";
    request();
  }

  // The sliders of a loss: its step sizes and penalties; what was set stays where it can.
  function offer() {
    const of = data.losses[controls.loss.value];
    controls.step.max = of.steps.length - 1;
    controls.penalty.max = of.penalties.length - 1;
    controls.dimension.max = Math.max(...Object.keys(of.starts).map(Number));
  }

  // Any of loss, z, time (in 1/‖C‖), eta (in 1/‖C‖), beta (in ‖C‖), exactly: sliders
  // go to the nearest position, and round nothing until they are moved.
  function set({ loss, z, ...exact }) {
    if (loss) controls.loss.value = loss;
    offer();
    if (z) controls.dimension.value = z;
    Object.assign(given, exact);
    const of = data.losses[controls.loss.value];
    const nearest = (positions, value) => positions.reduce((best, position, i) => (Math.abs(position - value) < Math.abs(positions[best] - value) ? i : best), 0);
    if ("eta" in exact) controls.step.value = nearest(of.steps, exact.eta);
    if ("beta" in exact) controls.penalty.value = nearest(of.penalties.map(Math.log), Math.log(exact.beta));
    if ("time" in exact) controls.time.value = Math.round(shareAt(exact.time) * controls.time.max);
    show();
  }

  element("without-script").hidden = true;
  document.querySelector("main").hidden = false;
  offer();
  const first = data.losses[controls.loss.value];
  controls.dimension.value = Math.min(2, Number(controls.dimension.max));
  controls.step.value = 0;
  controls.penalty.value = first.penalties.findIndex((beta) => close(beta, first.penalty));
  controls.time.value = Math.round(0.55 * controls.time.max);
  const exactly = { time: "time", step: "eta", penalty: "beta" };
  for (const [name, control] of Object.entries(controls)) {
    control.addEventListener("input", () => {
      delete given[exactly[name]];
      if (name === "time" && playing) stop();
      offer();
      request();
    });
  }
  element("class")?.addEventListener("input", request);
  element("play").addEventListener("click", play);
  document.querySelector(".controls").addEventListener("submit", (event) => event.preventDefault());
  // Who wants no motion moves the slider.
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const calm = () => { element("play").hidden = still.matches; if (still.matches && playing) stop(); };
  still.addEventListener("change", calm);
  calm();
  show();
  return { set, values: (at) => values(at ? settled(at) : settings()), points: (at) => points(settled(at)) };
})();
