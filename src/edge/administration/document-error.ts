// What is wrong with a document, each problem with its path and line.
import { AppError } from '../../shared/errors.ts';
import { type Problem, problemLines } from '../json/read.ts';

export class DocumentError extends AppError {
  readonly problems: readonly Problem[];

  constructor(file: string, problems: readonly Problem[]) {
    const [first] = problems;
    super('edge/document-invalid', problemLines(file, problems).join('\n'), {
      details: {
        file,
        ...(first && { path: first.path, line: first.line, column: first.column }),
      },
    });
    this.problems = problems;
  }
}
