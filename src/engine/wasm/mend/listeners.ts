/**
 * Emscripten's start listens for errors that nobody caught, only to throw them again from there: whatever fails in a user's
 * script would be shown with the backend's one line of 200,000 characters. Those listeners are taken off.
 */
export async function withoutListeners<T>(start: () => Promise<T>): Promise<T> {
  const events = ['uncaughtException', 'unhandledRejection'];
  const before = events.map((event) => process.listeners(event as 'exit'));
  try {
    return await start();
  } finally {
    events.forEach((event, i) => {
      for (const listener of process.listeners(event as 'exit'))
        if (!before[i]!.includes(listener)) process.off(event, listener);
    });
  }
}
