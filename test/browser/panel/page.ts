import { FakeSession, type FakeOptions } from './session.ts';
import { FakeModel } from './model.ts';

/** What a test drives from outside. */
const lab = {
  FakeSession,
  FakeModel,
  sessions: [] as FakeSession[],
  closers: [] as (() => void)[],

  /** Opens a view of a model in a place of its own. */
  async view(model: FakeModel): Promise<void> {
    const address = '/panel.mjs';
    const { default: widget } = (await import(address)) as {
      default: { render: (props: { model: FakeModel; el: HTMLElement }) => () => void };
    };
    const place = document.createElement('div');
    place.className = 'place';
    document.querySelector('#places')!.append(place);
    this.closers.push(widget.render({ model, el: place }));
  },

  async open(options: FakeOptions = {}): Promise<void> {
    const session = new FakeSession(options);
    this.sessions.push(session);
    await this.view(session.model);
  },

  close(): void {
    for (const close of this.closers.splice(0)) close();
    document.querySelector('#places')!.replaceChildren();
    this.sessions.length = 0;
  },
};
export type Lab = typeof lab;
Object.assign(globalThis, { lab });
