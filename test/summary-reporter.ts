import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Ends a run with what was skipped, and why (the reason stands in the title), and one plain line of counts. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const cases = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => cases.filter((test) => test.result().state === state).length;
    const skipped = cases.filter((test) => test.result().state === 'skipped');
    const broken = modules.filter((module) => module.state() === 'failed' && module.children.size === 0).length;
    if (skipped.length) {
      process.stdout.write(`\nSkipped, and why:\n`);
      for (const reason of new Set(skipped.map(reasonOf))) process.stdout.write(`  ${reason}\n`);
    }
    process.stdout.write(`\nTests: ${count('passed')} passed, ${count('failed') + broken} failed, ${skipped.length} skipped\n`);
  }
}

function reasonOf(test: TestCase): string {
  const titles = test.fullName.split(' > ');
  return titles.find((title) => /skipped|not found|needs/.test(title)) ?? test.fullName;
}
