import { profileText, partitionText } from '../plot/index.ts';
import { assertSavable, open, type Session } from '../session/index.ts';
import { help, trainOrder, type TrainOrder } from './train-options.ts';

/** `hi-zfo train`: the whole way in one command. */
export const trainCommand = {
  summary: 'profile, partition and train a model',
  help,
  async run(args: string[]): Promise<void> {
    const order = trainOrder(args);
    if (!order) {
      console.log(help);
      return;
    }
    const { options, out, autosave: every, merge, json } = order;
    if (out !== undefined) await assertSavable(out); // now, and not when all the steps are done
    const say = json ? (o: object) => console.log(JSON.stringify(o)) : (o: object) => console.log(line(o));

    const warn = json ? say : ({ warning }: { warning: string }) => console.error(`warning: ${warning}`);

    const session = await open(options);
    try {
      const { events } = session;
      const opened = events.slice(events.findLastIndex((event) => event.kind === 'open'));
      for (const event of opened) if (event.kind === 'warning') warn({ warning: event.text });
      session.on('event', ({ kind, text }) => kind === 'warning' && warn({ warning: text }));
      if (out !== undefined) session.autosave({ every, dir: out });
      await train(session, order, say);
      if (out !== undefined) {
        await session.save(out, { merge });
        say({ saved: out });
      }
    } finally {
      await session.close();
    }
  },
};

async function train(
  s: Session,
  { steps, heldOut, evaluate, json }: TrainOrder,
  say: (o: object) => void,
): Promise<void> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal); // the first Ctrl-C ends after the step under way
  try {
    if (!json) console.log(`${s.engine.describe().summary}\n${String(s)}`);
    if (!s.labels) {
      const profile = await s.profile();
      const partition = await s.partition();
      if (json) say({ partition: partition.data.summary(), budget: partition.data.budget });
      else console.log(`${profileText(profile.data)}\n${partitionText(partition.data)}`);
    }
    const held = Math.min(heldOut, s.source.test.length);
    const before = held > 0 ? await s.heldOutLoss(held) : NaN;
    if (held > 0) say({ heldOutLoss: before, examples: held, step: s.steps });
    const until = s.steps + steps;
    await s.run(steps, {
      signal: stop.signal,
      show: false,
      onStep: (r) =>
        say({
          step: r.step,
          loss: r.loss,
          perturbed: r.perturbedLoss,
          c: r.coefficient,
          gradientNorm: r.gradientNorm,
          seconds: r.stepSeconds,
          ...(r.skipped && { skipped: r.skipped }),
        }),
    });
    if (s.steps < until && !stop.signal.aborted) process.exitCode = 1; // it gave up; the warning says why
    const after = held > 0 ? await s.heldOutLoss(held) : NaN;
    const { rows } = s.history.data;
    const last = rows.at(-1);
    if (held > 0) say({ heldOutLoss: after, change: after - before, step: s.steps });
    if (last) {
      say({
        secondsPerStep: last.seconds / rows.length,
        forwardPasses: last.forwardPasses,
        teraflops: last.flops / 1e12,
        peakResidentMB: Math.round(process.resourceUsage().maxRSS / 1024),
        skipped: rows.filter((r) => r.skipped).length,
      });
    }
    if (evaluate > 0 && !stop.signal.aborted) {
      const { scores, loss } = (await s.evaluate({ examples: evaluate, signal: stop.signal })).data;
      say({ evaluated: Math.min(evaluate, s.source.test.length), loss, ...scores.values });
    }
  } finally {
    process.off('SIGINT', onSignal);
  }
}

function line(o: object): string {
  return Object.entries(o)
    .map(([k, v]) => `${k} ${typeof v === 'number' && !Number.isInteger(v) ? v.toPrecision(5) : String(v)}`)
    .join('  ');
}
