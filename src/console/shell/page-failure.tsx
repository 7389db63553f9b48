/** A page that could not be loaded, or that broke: said where it was to be, while the frame stays. */
import { Component, type ReactNode } from "react";
import { Failure } from "../parts/said.tsx";

interface Props {
  /** Another one is another try. */
  readonly place: string;
  readonly children: ReactNode;
}

export class PageFailure extends Component<Props, { readonly error?: unknown }> {
  override state: { readonly error?: unknown } = {};

  static getDerivedStateFromError = (error: unknown) => ({ error });

  override componentDidUpdate({ place }: Props) {
    if (place !== this.props.place && this.state.error !== undefined) this.setState({ error: undefined });
  }

  override render() {
    const { error } = this.state;
    // A chunk that was not there is asked for again by the browser only with the whole page.
    return error === undefined ? this.props.children : <Failure error={error} retry={() => location.reload()} />;
  }
}
