"use strict";
// Charts are drawn when they come near the screen, the rest when the browser is idle, and
// all of them before printing.
(() => {
  const looks = JSON.parse(document.getElementById("looks").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const plots = [...document.querySelectorAll(".plot")];
  const AXES = 76;
  const NARROW = 520;
  let printing = false;

  const scaled = (part, factor) => {
    if (typeof part.width === "number") part.width = Math.round(part.width * factor);
    for (const key of ["hconcat", "vconcat", "concat"]) {
      (part[key] || []).forEach((inner) => scaled(inner, factor));
    }
    return part;
  };

  const naturalWidth = (part) => {
    const all = (parts) => parts.map(naturalWidth);
    if (part.hconcat) return all(part.hconcat).reduce((sum, width) => sum + width + AXES / 2, 0);
    if (part.concat) return Math.max(...all(part.concat)) * Math.min(part.columns, part.concat.length) + AXES / 2;
    if (part.vconcat) return Math.max(...all(part.vconcat));
    return part.width || 300;
  };

  // Figures beside the words of a row have no room on a narrow page; tables have them too.
  const withoutWide = (part) => {
    if (part.layer) part.layer = part.layer.filter((inner) => inner.description !== "wide");
    (part.vconcat || []).forEach(withoutWide);
  };

  const fitted = (spec, room) => {
    if (room < NARROW) withoutWide(spec);
    if (room < NARROW && spec.hconcat) {
      spec.vconcat = spec.hconcat;
      delete spec.hconcat;
    }
    if (room < NARROW && spec.concat) spec.columns = 1;
    const width = naturalWidth(spec);
    const factor = (room - ((spec.usermeta || {}).axes || AXES)) / width;
    // Pictures whose data are pixels are shrunk as a whole, by the style sheet.
    const pixels = JSON.stringify(spec).includes('"style":"bubble"');
    if (!pixels) scaled(spec, Math.min(factor, 1.3));
    return spec;
  };

  const draw = (plot) => {
    const look = dark.matches && !printing ? "dark" : "light";
    const room = Math.floor(plot.parentElement.clientWidth);
    const state = `${look} ${room}`;
    if (plot.dataset.state === state) return;
    plot.dataset.state = state;
    const spec = JSON.parse(document.getElementById(plot.dataset.spec).textContent);
    vegaEmbed(plot, fitted(spec, room), {
      mode: "vega-lite",
      actions: false,
      ast: true,
      renderer: "svg",
      config: looks[look],
      tooltip: { theme: look },
      ...(spec.usermeta || {}).embedOptions,
    }).then(
      () => { plot.style.minHeight = "0"; },
      (error) => {
        plot.textContent = `This chart could not be drawn (${error.message}).`;
        console.error(error);
      },
    );
  };

  const near = new IntersectionObserver(
    (seen) => seen.filter((entry) => entry.isIntersecting).forEach((entry) => {
      near.unobserve(entry.target);
      draw(entry.target);
    }),
    { rootMargin: "800px" },
  );
  plots.forEach((plot) => near.observe(plot));

  const idle = window.requestIdleCallback || ((task) => setTimeout(task, 50));
  const drawRest = (place) => {
    if (place >= plots.length) return;
    if (!plots[place].dataset.state) draw(plots[place]);
    idle(() => drawRest(place + 1));
  };
  window.addEventListener("load", () => idle(() => drawRest(0)));

  const again = () => plots.filter((plot) => plot.dataset.state).forEach(draw);
  let waiting = 0;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(again, 200);
  });
  dark.addEventListener("change", again);
  window.addEventListener("beforeprint", () => {
    printing = true;
    document.querySelectorAll("details").forEach((part) => { part.open = true; });
    plots.forEach(draw);
  });
  window.addEventListener("afterprint", () => {
    printing = false;
    again();
  });
})();
