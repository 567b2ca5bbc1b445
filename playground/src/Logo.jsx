/** Three panels in the colours of PostgreSQL, MongoDB and Redis. */
export function Logo() {
  return (
    <span className="triptych-logo">
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path fill="#336791" d="M1 6.5 7 4v16l-6-2.5z" />
        <path fill="#219a6f" d="M8.5 3h7v18h-7z" />
        <path fill="#d9483b" d="M17 4l6 2.5v11L17 20z" />
      </svg>
      Triptych
    </span>
  );
}
