// Why a kubeconfig of the person is left as it is, in words.
import { AppError } from '../../../shared/errors.ts';

export const noKubeconfig = (file: string): AppError =>
  new AppError('program/entry-not-allowed', `There is no kubeconfig at ${file}.`);

export const notBanyans = (file: string): AppError =>
  new AppError('client/storage-failed', `${file} is not Banyan's, so it was left as it is.`, {
    details: { file },
  });
