// Asks before something that cannot be taken back.
import { AlertDialog } from '@base-ui/react/alert-dialog';
import type { ReactElement, ReactNode } from 'react';
import { words } from '../text/common.ts';
import { Button, type ButtonProps } from './Button.tsx';
import './confirm.css';

export function Confirm(props: {
  /** Opens it; without one, `open` and `onOpenChange` do. */
  trigger?: ReactElement;
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  title: string;
  children: ReactNode;
  yes: string;
  /** Default: danger. */
  look?: ButtonProps['look'];
  busy: boolean;
  /** Shown in the dialog, which stays open. */
  problem?: ReactNode;
  onYes: () => void;
}) {
  return (
    <AlertDialog.Root
      {...(props.open !== undefined && { open: props.open })}
      {...(props.onOpenChange && { onOpenChange: props.onOpenChange })}
    >
      {props.trigger && <AlertDialog.Trigger render={props.trigger} />}
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="backdrop" />
        <AlertDialog.Popup className="dialog">
          <AlertDialog.Title>{props.title}</AlertDialog.Title>
          <AlertDialog.Description className="lead">{props.children}</AlertDialog.Description>
          {props.problem}
          <div className="dialog-foot">
            <AlertDialog.Close render={<Button />} disabled={props.busy}>
              {words.cancel}
            </AlertDialog.Close>
            <Button look={props.look ?? 'danger'} busy={props.busy} onClick={props.onYes}>
              {props.yes}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
