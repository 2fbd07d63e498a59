// What assistive technology would stumble over in a page that is shown.
import axe from 'axe-core';
import type { Page } from 'playwright-core';

interface Axe {
  run(options: object): Promise<{
    violations: {
      id: string;
      impact: string;
      nodes: { html: string; failureSummary?: string }[];
    }[];
  }>;
}

/** Serious and critical ones, with where and why. @param rules of axe-core; default: all */
export async function seriousProblems(page: Page, rules?: readonly string[]): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source);
  return page.evaluate(async (rules) => {
    const { axe: checker } = window as unknown as { axe: Axe };
    const { violations } = await checker.run({
      resultTypes: ['violations'],
      ...(rules && { runOnly: rules }),
    });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary}`).join(' | ')}`,
      );
  }, rules);
}
