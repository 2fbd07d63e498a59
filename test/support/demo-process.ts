// The demo organisation as a program of its own, for tests that change the clock of a whole process. Its service `echo` leads
// to a port of this computer. Prints one line of JSON and ends with its standard input. Runs on Node 24, from the sources.
//   node demo-process.ts '{"data": "folder", "backendPort": 5432}'
import { startDemoEdge } from '../../src/edge/demo.ts';
import { publishService } from './collection.ts';

export interface DemoFacts {
  invite: string;
}

const { data, backendPort } = JSON.parse(process.argv[2] ?? '') as {
  data: string;
  backendPort: number;
};
const demo = await startDemoEdge({
  data,
  freePorts: true,
  accessTierPort: 0,
  // Running connections are judged anew while the test looks.
  lifetimes: { judgement: 1 },
});
await publishService(demo, 'database', backendPort);
process.stdout.write(`${JSON.stringify({ invite: demo.invite } satisfies DemoFacts)}\n`);
process.stdin.resume().once('end', () => void demo.stop(0).then(() => process.exit(0)));
