// Cells of the notebook that a page shows: adding and running them, and what they print.
import assert from 'node:assert/strict';

/** Runs code in the notebook's last cell; its outputs once it has ended. Fails where the cell does. */
export async function runCell(page, source) {
  const outputs = await page.evaluate(async (code) => {
    const { content } = globalThis.jupyterapp.shell.currentWidget;
    const last = content.model.cells.length - 1;
    const cell = content.model.cells.get(last);
    cell.sharedModel.setSource(code);
    content.activeCellIndex = last;
    await globalThis.jupyterapp.commands.execute('notebook:run-cell');
    return cell.outputs.toJSON();
  }, source);
  const failed = outputs.filter(({ output_type: type }) => type === 'error');
  assert.deepEqual(
    failed.map(({ ename, evalue }) => `${ename}: ${evalue}`),
    [],
  );
  return outputs;
}

/** What an expression is in the kernel, as JSON has it; waits for the cells before it. */
export async function valueOf(page, expression) {
  const printed = await page.evaluate(async (code) => {
    const { kernel } = globalThis.jupyterapp.shell.currentWidget.sessionContext.session;
    const future = kernel.requestExecute({ code, store_history: false });
    let said = '';
    future.onIOPub = ({ content }) => (said += content.text ?? content.evalue ?? '');
    await future.done;
    return said;
  }, `console.log('= ' + JSON.stringify(${expression}))`);
  const found = printed.match(/^= (.*)$/m);
  assert.ok(found, `${expression}: ${printed}`);
  return JSON.parse(found[1]);
}

/** Runs the cells that the notebook begins with. */
export async function runFirstCells(page, count) {
  for (let at = 0; at < count; at++) {
    await page.evaluate(async (index) => {
      globalThis.jupyterapp.shell.currentWidget.content.activeCellIndex = index;
      await globalThis.jupyterapp.commands.execute('notebook:run-cell');
    }, at);
  }
}

export const kernelOf = (page) =>
  page.evaluate(() => {
    const { id, status } = globalThis.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    return { id, status };
  });

/** Waits until no cell runs. */
export const idle = (page, timeout = 60_000) =>
  page.waitForFunction(
    () => globalThis.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle',
    null,
    { timeout },
  );
