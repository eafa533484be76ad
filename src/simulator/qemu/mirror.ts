// Why this exists: the disk of a running guest is copied by QEMU itself, and its log reads
// differently (qemu_drive_mirror_monitor in PVE/QemuServer.pm).

/** The lines of one mirror job that ends by switching the guest to the copy. */
export function mirrorLog(job: string, total: string): readonly string[] {
  return [
    ...startLines(job, total),
    `${job}: Completing block job...`,
    `${job}: Completed successfully.`,
    `${job}: mirror-job finished`,
  ];
}

/** The lines of a mirror job whose copy goes to another guest; the source is held for a moment. */
export function copyAwayLog(job: string, total: string, hasAgent: boolean): readonly string[] {
  const [hold, release] = hasAgent
    ? ['freeze filesystem', 'unfreeze filesystem']
    : ['suspend vm', 'resume vm'];
  return [
    ...startLines(job, total),
    hold,
    `${job}: Cancelling block job`,
    `${job}: Done.`,
    release,
  ];
}

function startLines(job: string, total: string): readonly string[] {
  return [
    `drive mirror is starting for ${job}`,
    `${job}: transferred 0.0 B of ${total} (0.00%) in 0s`,
    `${job}: transferred ${total} of ${total} (100.00%) in 1s, ready`,
    "all 'mirror' jobs are ready",
  ];
}
