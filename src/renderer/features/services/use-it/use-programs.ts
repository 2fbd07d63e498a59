// What stands in the configurations of other programs. Files, which anybody may edit: so they are read when somebody looks
// at them, and again when she comes back to the window.
import { useEffect, useState } from 'react';
import type { WireError } from '../../../../shared/errors.ts';
import type { Programs } from '../../../../shared/model/program.ts';
import type { Service } from '../../../../shared/model/service.ts';
import { useCall } from '../../../window-context.tsx';

export interface ProgramsInView extends Programs {
  setSsh: (service: string, isOn: boolean) => void;
  setKubernetes: (service: string, isOn: boolean) => void;
  error: WireError | null;
}

export function usePrograms({ id }: Service): ProgramsInView {
  const [programs, setPrograms] = useState<Programs>({
    ssh: null,
    kubernetes: null,
    contexts: null,
    installed: [],
  });
  const look = useCall('program.look');
  const ssh = useCall('program.setSsh');
  const kubernetes = useCall('program.setKubernetes');

  useEffect(() => {
    let isWanted = true;
    const again = async (): Promise<void> => {
      const seen = await look.run({});
      if (seen && isWanted) setPrograms(seen);
    };
    void again();
    const onFocus = (): void => void again();
    window.addEventListener('focus', onFocus);
    return () => {
      isWanted = false;
      window.removeEventListener('focus', onFocus);
    };
    // oxlint-disable-next-line react/exhaustive-deps -- `look` is another object at each turn and the same call
  }, [id]);

  const show = (seen: Programs | undefined): void => {
    if (seen) setPrograms(seen);
  };
  return {
    ...programs,
    error: ssh.error ?? kubernetes.error,
    setSsh(service, isOn) {
      if (!ssh.pending) void ssh.run({ service, isOn }).then(show);
    },
    setKubernetes(service, isOn) {
      if (!kubernetes.pending) void kubernetes.run({ service, isOn }).then(show);
    },
  };
}
