// The one import of the schema library. `jitless`: zod otherwise probes `new Function`, which the window's
// content security policy reports as a violation. Delete when zod probes only on use.
import { z } from 'zod';

z.config({ jitless: true });

export { z };
