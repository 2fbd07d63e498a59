// `nativeTheme`: what the app asks for, on a system that is light until a test makes it dark.
import type { NativeTheme } from 'electron';
import { EventEmitter } from 'node:events';

class StandInTheme extends EventEmitter {
  #source: NativeTheme['themeSource'] = 'system';
  /** Electron has no such thing: for tests, which emit `updated` as well. */
  isSystemDark = false;

  get themeSource(): NativeTheme['themeSource'] {
    return this.#source;
  }
  set themeSource(source: NativeTheme['themeSource']) {
    this.#source = source;
    this.emit('updated');
  }
  get shouldUseDarkColors(): boolean {
    return this.#source === 'system' ? this.isSystemDark : this.#source === 'dark';
  }
}

export const nativeTheme = new StandInTheme();
nativeTheme satisfies Partial<Record<keyof NativeTheme, unknown>>;
