import type { Random } from '../random.ts';
import type { Scene } from './scenes.ts';

/** Questions about a scene with their answers; teaches which facts a dialogue settles. */
export function questions({ a, b, facts: f }: Scene): [string, string][] {
  switch (f.kind) {
    case 'plan':
      return [
        ['Where will they go?', `To the ${f.place}.`],
        ['On which day?', `${f.day}.`],
        ['At which hour?', `At ${f.hour}.`],
        ['Who will go?', `${a.name} and ${b.name}.`],
      ];
    case 'purchase':
      return [
        ['Who got a thing?', `${a.name} got a ${f.colour} ${f.thing}.`],
        ['Who got coins?', `${b.name} got ${f.price} coins.`],
        ['What was paid?', `${f.price} coins.`],
      ];
    case 'lost':
      return [
        ['What was lost?', `The ${f.thing} of ${a.name}.`],
        ['Where was it?', `At the ${f.place}.`],
        ['Who knew?', `${b.name} knew.`],
      ];
    case 'loan':
      return [
        ['Whose thing is it?', `The ${f.thing} is from ${b.name}.`],
        ['Who has it now?', `${a.name} has the ${f.thing}.`],
        ['Until when?', `Until ${f.day}.`],
      ];
    case 'gift':
      return [
        ['What is the present?', `A ${f.thing}.`],
        ['For whom?', `For ${f.c.name}.`],
        ['From whom?', `From ${a.name} and ${b.name}.`],
        ['What was not chosen?', `The ${f.rejected}.`],
      ];
    case 'excuse':
      return [
        ['Who stays at home?', `${b.name} is ${f.excuse}.`],
        ['Where is it?', `At the ${f.place}.`],
        ['Who goes?', `${a.name} and maybe ${f.c.name}.`],
      ];
    case 'order':
      return [
        ['What did the guest eat?', `${b.name} ate ${f.food}.`],
        ['What did the guest drink?', `${b.name} drank ${f.drink}.`],
        ['Who got the coins?', `${a.name} got ${f.price}.`],
      ];
    case 'repair':
      return [
        ['What is broken?', `The ${f.thing} of ${a.name}.`],
        ['Who mends it?', `${b.name}, on ${f.day}.`],
        ['Where is it?', `At the ${f.place}.`],
      ];
  }
}

/** The same scene as an old story tells it: past tense, longer, in another order than a summary has. */
export function retelling(random: Random, { a, b, facts: f }: Scene): string {
  switch (f.kind) {
    case 'plan':
      return random.pick([
        `When ${f.day} came, ${b.name} stood at the ${f.place} and at ${f.hour} there was ${a.name}.`,
        `So it was ${f.day}, ${f.hour} on the clock, and the ${f.place} saw ${a.name} with ${b.name}.`,
      ]);
    case 'purchase':
      return random.pick([
        `So ${f.price} coins went to ${b.name}, and the ${f.thing}, all ${f.colour}, went home with ${a.name}.`,
        `${b.name} sold it and was richer by ${f.price}. Now the ${f.colour} ${f.thing} belonged to ${a.name}.`,
      ]);
    case 'lost':
      return random.pick([
        `So ${a.name} went to the ${f.place}, and there was the ${f.thing}, as ${b.name} had said.`,
        `The ${f.thing} was at the ${f.place}. Without ${b.name}, ${a.name} never knew.`,
      ]);
    case 'loan':
      return random.pick([
        `When ${f.day} came, ${b.name} had the ${f.thing} again, because ${a.name} kept the promise.`,
        `Before ${f.day} the ${f.thing} was with ${a.name}, after that with ${b.name}.`,
      ]);
    case 'gift':
      return random.pick([
        `${f.c.name} did not get a ${f.rejected} but a ${f.thing}, and thanked both ${a.name} and ${b.name}.`,
        `How ${f.c.name} loved the ${f.thing}! It came from ${b.name} and ${a.name}.`,
      ]);
    case 'excuse':
      return random.pick([
        `At home was ${b.name}, ${f.excuse}. At the ${f.place} were ${f.c.name} and ${a.name}.`,
        `So ${f.c.name} saw the ${f.place} with ${a.name}, while ${f.excuse} ${b.name} slept.`,
      ]);
    case 'order':
      return random.pick([
        `So ${a.name} brought ${f.drink} and ${f.food}, and ${f.price} coins came from ${b.name}.`,
        `There was ${f.food} on the table and ${f.drink} in the cup of ${b.name}. ${a.name} counted ${f.price} coins.`,
      ]);
    case 'repair':
      return random.pick([
        `When ${f.day} came, the ${f.thing} worked again, and ${a.name} thanked ${b.name} at the ${f.place}.`,
        `So ${b.name} went to the ${f.place} on ${f.day}, and the ${f.thing} of ${a.name} was like new.`,
      ]);
  }
}
